// The scrolling list of one chat. It is drawn from the state each time something changed, but only
// what differs is replaced, so that focus, scroll and selection stay where they were.

import { announce, h, icon } from "./dom.js";
import { drawEmpty, drawMessage, refresh } from "./bubbles.js";
import { previews } from "./files.js";
import { parse, when } from "./format.js";
import { t } from "./words.js";

const PAUSE = 5 * 60_000;
const NEAR = 60;
/** Commands offered while a chat is empty. */
const PROPOSED = 4;
/** Parts of an item that are brought up to date in place. */
const REFRESHED = new Set(["entry", "busy", "taken"]);

export class Log {
  #person;
  #does;
  #shown = new Map();
  #wasLoaded = false;

  constructor(person, does) {
    this.#person = person;
    this.#does = does;
    this.list = h("div", {
      class: "log",
      role: "log",
      tabindex: "0",
      "aria-label": t("chatOf", { name: person.name }),
    });
    this.jump = h(
      "button",
      { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom() },
      icon("down"),
      t("toBottom"),
    );
    this.element = h("div", { class: "scroll" }, this.list, this.jump);
    this.list.addEventListener("scroll", () => this.#scrolled());
    this.list.addEventListener("load", () => this.#stuck && this.toBottom(), true);
    new ResizeObserver(() => this.#stuck && this.toBottom()).observe(this.list);
  }

  #stuck = true;

  get atBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toBottom() {
    this.list.scrollTop = this.list.scrollHeight;
    this.#stuck = true;
    this.jump.hidden = true;
  }

  /** Draw the chat with what still waits to be sent; `divider`: seen up to this message. */
  draw(chat, pending, now, divider) {
    const first = chat.loaded && !this.#wasLoaded;
    const height = this.list.scrollHeight;
    const top = this.list.scrollTop;
    const oldest = this.list.firstElementChild;
    const items = layOut(chat, pending, now, divider);
    const arrived = this.#reconcile(items, chat.loaded && this.#wasLoaded);
    // A tap draws too: what did not grow must not move away under the finger.
    const grown = this.#stuck && this.list.scrollHeight !== height;
    if (first || grown || arrived.mine) this.toBottom();
    else if (oldest && oldest !== this.list.firstElementChild) {
      this.list.scrollTop = top + this.list.scrollHeight - height;
    } else if (arrived.theirs && !this.#stuck) this.jump.hidden = false;
    this.#wasLoaded ||= chat.loaded;
  }

  #reconcile(items, known) {
    const arrived = { mine: false, theirs: false };
    const kept = new Set(items.map((item) => item.key));
    for (const [key, shown] of this.#shown) {
      if (!kept.has(key)) {
        shown.element.remove();
        this.#shown.delete(key);
      }
    }
    let before = this.list.firstElementChild;
    for (const item of items) {
      const shown = this.#shown.get(item.key);
      const signature = JSON.stringify(item, (name, value) =>
        REFRESHED.has(name) ? undefined : value,
      );
      let element = shown?.element;
      if (!shown || shown.signature !== signature) {
        element = this.#make(item);
        if (shown) {
          if (before === shown.element) before = before.nextElementSibling;
          this.#swap(shown, element, item);
        } else if (item.message && known) {
          element.classList.add("fresh");
          arrived[item.message.mine ? "mine" : "theirs"] = true;
        }
        this.#shown.set(item.key, { element, signature, redrawn: item.message?.redrawn ?? 0 });
      }
      const state = JSON.stringify([
        item.busy,
        item.message?.taken,
        item.entry && (item.entry.failed ?? true),
      ]);
      const drawn = this.#shown.get(item.key);
      if (item.message && drawn.state !== state) refresh(element, item, this.#does);
      drawn.state = state;
      if (element === before) before = before.nextElementSibling;
      else if (element.parentNode !== this.list || element.nextElementSibling !== before)
        this.list.insertBefore(element, before);
    }
    return arrived;
  }

  /** Put a new drawing in the place of the old one; the focus goes to the same button. */
  #swap(shown, element, item) {
    const focused =
      shown.element.contains(document.activeElement) && document.activeElement.dataset.key;
    shown.element.replaceWith(element);
    if ((item.message?.redrawn ?? 0) > shown.redrawn) {
      element.classList.add("redrawn");
      announce(
        `${t("redrawn")}: ${[item.message.title, item.message.text].filter(Boolean).join(" ")}`,
      );
    }
    if (!focused) return;
    const buttons = [...element.querySelectorAll(".key")];
    const target = buttons.find((one) => one.dataset.key === focused) ?? buttons[0] ?? this.list;
    target.focus({ preventScroll: true });
  }

  #make(item) {
    if (item.message) return drawMessage(item, this.#person, this.#does);
    if (item.kind === "empty") return drawEmpty(item, this.#person, this.#does);
    return h("div", { class: item.kind }, h("span", {}, item.text));
  }

  #scrolled() {
    this.#stuck = this.atBottom;
    if (this.#stuck) {
      this.jump.hidden = true;
      this.#does.seen();
    }
    if (this.list.scrollTop < NEAR) this.#does.older();
  }
}

/** Return what is to be seen, top to bottom: messages, albums as one, times, the unread line. */
function layOut(chat, pending, now, divider) {
  const items = [];
  let last = 0;
  let divided = divider === null;
  const time = (at) => {
    if (!at || (last && at - last < PAUSE)) return;
    items.push({ key: `t${at}`, kind: "time", text: when(at, now) });
    last = at;
  };
  const busyOf = (id) =>
    [...chat.taps.values()].filter((tap) => tap.card === id).map((tap) => tap.choice);
  const messages = [...chat.messages.values()].sort((one, other) => one.id - other.id);
  const keys = new Set();
  for (const message of messages) {
    if (message.key) keys.add(message.key.split(":")[0]);
    const album = items.at(-1);
    if (message.album && album?.message?.album === message.album) {
      album.files = [...album.files, ...message.files];
      album.message = { ...album.message, taken: album.message.taken && message.taken };
      continue;
    }
    time(parse(message.at));
    last = parse(message.at);
    if (!divided && !message.mine && message.id > divider) {
      divided = true;
      items.push({ key: "divider", kind: "divider", text: t("newMessages") });
    }
    const key = message.mine ? `k${message.key}` : `m${message.id}`;
    items.push({ key, message, files: message.files, busy: busyOf(message.id) });
  }
  for (const entry of pending) {
    if (entry.kind !== "message" || keys.has(entry.key)) continue;
    items.push({
      key: `k${entry.key}`,
      entry,
      files: previews(entry.files),
      busy: [],
      message: {
        mine: true,
        text: entry.text,
        title: "",
        grid: [],
        rows: [],
        nav: [],
        forwarded: entry.forwarded,
        place: entry.place && [entry.place.latitude, entry.place.longitude, entry.place.label],
      },
    });
  }
  if (!items.length && chat.loaded) {
    items.push({ key: "empty", kind: "empty", commands: chat.menu.slice(0, PROPOSED) });
  }
  return items;
}
