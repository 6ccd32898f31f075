// What the page knows of every chat, and what it tells its parts when that changes.

export class Chats extends EventTarget {
  people = [];
  limits = { file: 20 * 1024 * 1024, files: 30, text: 20_000 };
  places = [];
  #chats = new Map();
  #clock = { at: 0, since: 0, moving: false, up: true, until: null };

  /** Return the chat of an account: messages by id in order, and its state. */
  chat(account) {
    if (!this.#chats.has(account)) {
      this.#chats.set(account, {
        messages: new Map(),
        loaded: false,
        more: false,
        upto: 0,
        unread: 0,
        menu: [],
        taps: new Map(),
        alert: null,
      });
    }
    return this.#chats.get(account);
  }

  person(account) {
    return this.people.find((one) => one.account === account);
  }

  get unread() {
    return this.people.reduce((sum, one) => sum + this.chat(one.account).unread, 0);
  }

  get clock() {
    return this.#clock;
  }

  /** Milliseconds of the demo's local time, running on at the real pace. */
  now() {
    return this.#clock.at + (performance.now() - this.#clock.since);
  }

  /** Take in a word of the platform; returns false when it is for somebody else. */
  take(word) {
    const chat = word.account === undefined ? null : this.chat(word.account);
    switch (word.t) {
      case "welcome":
        Object.assign(this, { people: word.people, limits: word.limits, places: word.places });
        this.product = word.product;
        this.movable = word.movable;
        for (const one of word.people) this.chat(one.account).unread = one.unread;
        this.#setClock(word.clock);
        this.#tell("people");
        return true;
      case "chat":
        this.#replace(chat, word);
        break;
      case "older":
        chat.messages = new Map([...word.messages.map((one) => [one.id, one]), ...chat.messages]);
        chat.more = word.more;
        break;
      case "message":
        chat.messages.set(word.message.id, word.message);
        break;
      case "deleted":
        chat.messages.delete(word.id);
        break;
      case "tapped":
        if (word.taken) chat.taps.delete(word.key);
        break;
      case "unread":
        chat.unread = word.count;
        if (word.upto) chat.upto = Math.max(chat.upto, word.upto);
        this.#tell("unread");
        break;
      case "alert":
        chat.alert = word.text;
        chat.taps.delete(word.key);
        break;
      case "refused":
        for (const one of this.#chats.values()) one.taps.delete(word.key);
        return true;
      case "menu":
        chat.menu = word.entries;
        break;
      case "clock":
        this.#setClock(word);
        return true;
      default:
        return false;
    }
    this.#tell("chat", word.account);
    return true;
  }

  /** Take a fresh end of the chat; what came after it was read on the server stays. */
  #replace(chat, word) {
    const last = word.messages.at(-1)?.id ?? 0;
    const later = [...chat.messages].filter(([id]) => id > last);
    chat.messages = new Map([...word.messages.map((one) => [one.id, one]), ...later]);
    Object.assign(chat, { loaded: true, more: word.more, upto: word.upto, menu: word.menu });
  }

  #setClock({ local, moving, up, until }) {
    const at = Date.parse(`${local}Z`);
    this.#clock = {
      at,
      since: performance.now(),
      moving,
      up,
      until: until && Date.parse(`${until}Z`),
    };
    this.#tell("clock");
  }

  #tell(what, account) {
    this.dispatchEvent(new CustomEvent(what, { detail: account }));
  }
}
