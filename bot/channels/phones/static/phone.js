// One phone: whose it is, the chat with the assistant, and the composer.

import { avatar, announce, h, icon } from "./dom.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { newKey } from "./outgoing.js";
import { t } from "./words.js";

const ALERT_SHOWN = 6_000;

export class Phone {
  #chats;
  #outgoing;
  #link;
  #asked = 0;
  #read = 0;
  #active = false;
  #divider = null;
  #alertTimer = 0;

  constructor(person, chats, outgoing, link, { activate, close }) {
    Object.assign(this, { person });
    this.#chats = chats;
    this.#outgoing = outgoing;
    this.#link = link;
    this.composer = new Composer(person, chats, (entry) => this.#send(entry));
    this.log = new Log(person, {
      tap: (message, choice) => this.#tap(message, choice),
      retry: (entry) => outgoing.retry(entry),
      discard: (entry) => outgoing.discard(entry),
      limits: () => chats.limits,
      say: (text) => this.composer.say(text),
      propose: (text) => this.composer.propose(text),
      older: () => this.#older(),
      seen: () => this.#seen(),
    });
    this.badge = h("span", { class: "badge", hidden: true });
    this.state = h("small", { class: "state" });
    this.toast = h("div", {
      class: "toast",
      role: "alert",
      hidden: true,
      onclick: () => (this.toast.hidden = true),
    });
    this.element = this.#build(close);
    this.element.addEventListener("pointerdown", activate);
    this.element.addEventListener("focusin", activate);
    this.#acceptDrops();
  }

  #build(close) {
    const { name, role, department } = this.person;
    const owner = h(
      "header",
      { class: "owner" },
      avatar(name),
      h(
        "div",
        { class: "who" },
        h("h2", {}, name, this.badge),
        h("small", {}, [role, department].filter(Boolean).join(" · ")),
      ),
      h(
        "button",
        { type: "button", class: "round", "aria-label": t("closePhone", { name }), onclick: close },
        icon("close"),
      ),
    );
    const head = h(
      "div",
      { class: "with" },
      h("span", { class: "avatar bot small", "aria-hidden": "true" }, t("botLetter")),
      h("span", {}, t("bot")),
      this.state,
    );
    return h(
      "section",
      {
        class: "phone",
        "aria-label": t("phoneOf", { name }),
        data: { account: this.person.account },
      },
      owner,
      h("div", { class: "screen" }, head, this.log.element, this.toast, this.composer.element),
    );
  }

  get active() {
    return this.#active;
  }

  /** The phone somebody looks at: only there messages count as read. */
  set active(active) {
    if (active === this.#active) return;
    this.#active = active;
    this.element.classList.toggle("active", active);
    const chat = this.#chats.chat(this.person.account);
    if (!active) this.#divider = null;
    else if (chat.unread) this.#divider = chat.upto;
    this.draw();
    this.#seen();
  }

  draw() {
    const { account } = this.person;
    const chat = this.#chats.chat(account);
    const divider = this.#divider ?? (chat.unread ? chat.upto : null);
    this.log.draw(
      chat,
      this.#outgoing.of(account),
      this.#chats.now(),
      chat.loaded ? divider : null,
    );
    this.badge.textContent = chat.unread > 99 ? "99+" : String(chat.unread);
    this.badge.hidden = !chat.unread;
    this.badge.setAttribute("aria-label", t("unread", { n: chat.unread }));
    this.element.classList.toggle("unread", chat.unread > 0);
    const { up } = this.#chats.clock;
    this.state.textContent = t(up ? "on" : "off");
    this.state.classList.toggle("off", !up);
    if (chat.alert) this.#showAlert(chat);
    if (this.#active) this.#seen();
  }

  #send(entry) {
    this.#divider = null;
    return this.#outgoing.add({ ...entry, account: this.person.account });
  }

  #tap(message, choice) {
    const key = newKey();
    const { account } = this.person;
    this.#chats.chat(account).taps.set(key, { card: message.id, choice });
    this.#outgoing.add({ key, account, kind: "tap", card: message.id, choice });
    this.draw();
  }

  #showAlert(chat) {
    this.toast.textContent = chat.alert;
    this.toast.hidden = false;
    announce(chat.alert);
    chat.alert = null;
    clearTimeout(this.#alertTimer);
    this.#alertTimer = setTimeout(() => (this.toast.hidden = true), ALERT_SHOWN);
  }

  #older() {
    const chat = this.#chats.chat(this.person.account);
    const first = Math.min(...chat.messages.keys());
    if (!chat.more || this.#asked === first) return;
    this.#asked = first;
    this.#link.say({ t: "older", account: this.person.account, before: first });
  }

  /** Tell the platform that the last message was seen, when somebody is really looking. */
  #seen() {
    const { account } = this.person;
    const chat = this.#chats.chat(account);
    if (!this.#active || !chat.loaded || document.hidden || !this.log.atBottom) return;
    const last = Math.max(0, ...chat.messages.keys());
    if (!chat.unread || last <= this.#read) return;
    if (this.#link.say({ t: "read", account, upto: last })) this.#read = last;
  }

  #acceptDrops() {
    const veil = h("div", { class: "veil", hidden: true }, icon("plus"), t("dropHere"));
    this.element.append(veil);
    this.element.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      veil.hidden = false;
    });
    this.element.addEventListener("dragleave", (event) => {
      if (!this.element.contains(event.relatedTarget)) veil.hidden = true;
    });
    this.element.addEventListener("drop", (event) => {
      veil.hidden = true;
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.composer.addFiles(event.dataTransfer.files);
    });
  }
}
