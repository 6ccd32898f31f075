// What was sent but not yet kept by the platform. It lives in IndexedDB, so that neither a reload
// nor a lost connection loses a message or a photo; the platform knows repeats by their key.

const RETRY = 1_500;

export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Outgoing extends EventTarget {
  /** Entries in the order they were sent: {key, account, kind, ...}. */
  entries = [];
  #database = null;
  #link;
  #busy = new Set();
  #waits = new Map();

  constructor(link) {
    super();
    this.#link = link;
    link.addEventListener("lost", () => this.#giveUp());
  }

  /** Read what an earlier page left behind. Returns false where the browser keeps nothing. */
  async open() {
    try {
      const request = indexedDB.open("phones", 1);
      request.onupgradeneeded = () =>
        request.result.createObjectStore("outgoing", { keyPath: "number", autoIncrement: true });
      this.#database = await asked(request);
      const reading = this.#database.transaction("outgoing", "readonly");
      const left = await asked(reading.objectStore("outgoing").getAll());
      this.entries = [...left, ...this.entries];
    } catch {
      return false;
    }
    return true;
  }

  of(account) {
    return this.entries.filter((entry) => entry.account === account);
  }

  /** Keep an entry and send it when its turn comes; returns once a reload cannot lose it. */
  async add(entry) {
    try {
      if (this.#database) entry.number = await this.#write((store) => store.add(stored(entry)));
    } catch {
      this.dispatchEvent(new Event("unsaved"));
    }
    this.entries.push(entry);
    this.#changed(entry.account);
    this.pump(entry.account);
  }

  /** Try again what the platform refused. */
  retry(entry) {
    delete entry.failed;
    entry.refs = undefined;
    this.#changed(entry.account);
    this.pump(entry.account);
  }

  discard(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.#forget(entry);
    this.#changed(entry.account);
  }

  pumpAll() {
    for (const account of new Set(this.entries.map((entry) => entry.account))) this.pump(account);
  }

  /** Send the oldest entry of an account, then the next: the order of a chat is kept. */
  async pump(account) {
    if (this.#busy.has(account)) return;
    this.#busy.add(account);
    try {
      for (;;) {
        const entry = this.entries.find((one) => one.account === account && !one.failed);
        if (!entry || !this.#link.open) return;
        const refused = await this.#deliver(entry);
        if (refused && entry.kind === "message") {
          entry.failed = refused;
          this.#changed(account);
        } else this.discard(entry);
      }
    } catch {
      setTimeout(() => this.pump(account), RETRY);
    } finally {
      this.#busy.delete(account);
    }
  }

  /** The platform answered for a key: `reason` is empty when it keeps the message. */
  settle(key, reason) {
    this.#waits.get(key)?.resolve(reason);
    this.#waits.delete(key);
  }

  /** Return the reason of a refusal, or nothing. Throws when the connection failed meanwhile. */
  async #deliver(entry) {
    const { key, account } = entry;
    let word = { t: "tap", account, key, card: entry.card, choice: entry.choice };
    if (entry.kind === "message") {
      const refs = [];
      for (const file of entry.files) {
        const answer = await upload(account, file);
        if (answer.reason) return answer.reason;
        refs.push(answer.ref);
      }
      const { text, place, forwarded } = entry;
      word = { t: "send", account, key, text, files: refs, place, forwarded };
    }
    const settled = new Promise((resolve, reject) => this.#waits.set(key, { resolve, reject }));
    if (!this.#link.say(word)) throw new Error("not connected");
    return settled;
  }

  #giveUp() {
    for (const wait of this.#waits.values()) wait.reject(new Error("connection lost"));
    this.#waits.clear();
  }

  /** Change the database; resolves to the answer when the change is complete. */
  #write(change) {
    return new Promise((resolve, reject) => {
      const writing = this.#database.transaction("outgoing", "readwrite", { durability: "strict" });
      const request = change(writing.objectStore("outgoing"));
      writing.oncomplete = () => resolve(request.result);
      writing.onabort = () => reject(writing.error);
    });
  }

  /** What stays behind because this fails is sent again after a reload, and known by its key. */
  async #forget(entry) {
    if (!this.#database || entry.number === undefined) return;
    await this.#write((store) => store.delete(entry.number)).catch(() => undefined);
  }

  #changed(account) {
    this.dispatchEvent(new CustomEvent("changed", { detail: account }));
  }
}

const stored = ({ key, account, kind, text, files, place, forwarded, card, choice, at }) => ({
  key,
  account,
  kind,
  text,
  files,
  place,
  forwarded,
  card,
  choice,
  at,
});

async function upload(account, file) {
  const query = new URLSearchParams({ account, name: file.name.toWellFormed?.() ?? file.name });
  const answer = await fetch(`upload?${query}`, {
    method: "POST",
    body: file,
    headers: { "X-Phones": "1", "Content-Type": file.type || "application/octet-stream" },
  });
  return answer.json();
}
