// The WebSocket to the platform: comes back by itself, waiting longer after each failure.

const SHORTEST = 400;
const LONGEST = 2_000; // the program is on this very machine

export class Link extends EventTarget {
  #socket = null;
  #failures = 0;
  #timer = 0;

  constructor() {
    super();
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#hurry());
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.#timer);
    const url = new URL("ws", document.baseURI);
    url.protocol = "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      const word = JSON.parse(event.data);
      if (word.t === "welcome") this.#failures = 0;
      this.dispatchEvent(new CustomEvent("word", { detail: word }));
    });
    socket.addEventListener("close", () => {
      if (this.#socket !== socket) return;
      this.dispatchEvent(new Event("lost"));
      this.#retry();
    });
  }

  /** Send a word; false when there is no connection. */
  say(word) {
    if (!this.open) return false;
    this.#socket.send(JSON.stringify(word));
    return true;
  }

  #retry() {
    const wait = Math.min(LONGEST, SHORTEST * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.connect(), wait);
  }

  #hurry() {
    if (!this.open && this.#socket?.readyState !== WebSocket.CONNECTING) this.connect();
  }
}
