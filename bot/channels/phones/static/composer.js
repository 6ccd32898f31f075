// The bottom of a phone: typing, attachments, location, commands. What is typed survives a reload.

import { announce, h, icon, roving } from "./dom.js";
import { askPlace } from "./dialogs.js";
import { safeName, size } from "./format.js";
import { newKey } from "./outgoing.js";
import { kindOf } from "./files.js";
import { t } from "./words.js";

export class Composer {
  #person;
  #chats;
  #send;
  #files = [];
  #forwarded = false;

  constructor(person, chats, send) {
    this.#person = person;
    this.#chats = chats;
    this.#send = send;
    this.#build();
    this.input.value = localStorage.getItem(this.#draft) ?? "";
    this.#changed();
  }

  get #draft() {
    return `phones.draft.${this.#person.account}`;
  }

  #build() {
    this.input = h("textarea", {
      rows: "1",
      class: "input",
      placeholder: t("message"),
      "aria-label": t("messageTo", { name: this.#person.name }),
      enterkeyhint: "send",
      oninput: () => this.#changed(),
      onkeydown: (event) => this.#key(event),
      onpaste: (event) => this.#paste(event),
    });
    this.menuButton = h(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": t("menu"),
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: () => this.#toggle("menu"),
      },
      icon("menu"),
    );
    this.plusButton = h(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": t("attach"),
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: () => this.#toggle("plus"),
      },
      icon("plus"),
    );
    this.sendButton = h(
      "button",
      {
        type: "button",
        class: "round send",
        "aria-label": t("send"),
        onclick: () => this.submit(),
      },
      icon("send"),
    );
    this.strip = h("div", { class: "strip", hidden: true });
    this.warning = h("p", { class: "warning", role: "alert", hidden: true });
    this.sheet = h("div", {
      class: "sheet",
      role: "menu",
      hidden: true,
      onkeydown: (event) => event.key === "Escape" && this.#close(true),
    });
    this.element = h(
      "div",
      { class: "composer" },
      this.sheet,
      this.warning,
      this.strip,
      h("div", { class: "typing" }, this.menuButton, this.plusButton, this.input, this.sendButton),
    );
    this.element.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.element.contains(event.relatedTarget)) this.#close(false);
    });
  }

  focus() {
    this.input.focus();
  }

  /** Add files to what is being written; those that cannot be sent are named at once. */
  addFiles(list) {
    const { file: limit, files: most } = this.#chats.limits;
    const said = [];
    for (const file of list) {
      const name = safeName(file.name);
      if (file.size > limit) said.push(t("tooLarge", { name, limit: size(limit) }));
      else if (file.size === 0) said.push(t("emptyFile", { name }));
      else if (this.#files.length >= most) said.push(t("tooMany", { n: most }));
      else this.#files.push({ blob: file, kind: kindOf(file), url: URL.createObjectURL(file) });
    }
    this.#warn([...new Set(said)].join("\n"));
    this.#changed();
    this.focus();
  }

  /** Send a text as it is; what is being typed stays. */
  say(text) {
    this.#hand({ text });
    this.focus();
  }

  /** Put a text into the box to be changed or sent; what is being typed stays. */
  propose(text) {
    if (!this.input.value) this.input.value = text;
    this.#changed();
    this.focus();
  }

  submit() {
    const text = this.input.value;
    if (!text.trim() && !this.#files.length) return;
    const { text: limit } = this.#chats.limits;
    if (text.length > limit) return this.#warn(t("reason_too_long", { limit }));
    this.#warn("");
    const kept = this.#hand({ text, files: this.#files.map((one) => one.blob) });
    this.input.value = "";
    this.#files = [];
    this.#forwarded = false;
    this.#draw();
    kept.then(() => this.#changed());
    this.#close(false);
    return this.focus();
  }

  #hand({ text = "", files = [], place = null }) {
    const clean = text.toWellFormed?.() ?? text;
    return this.#send({
      key: newKey(),
      kind: "message",
      text: clean,
      files,
      place,
      forwarded: this.#forwarded,
    });
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape") this.#close(false);
    else if (event.key === "/" && !this.input.value)
      queueMicrotask(() => this.#open("menu", false));
  }

  #paste(event) {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      this.addFiles(event.clipboardData.files);
    }
  }

  #changed() {
    const { value } = this.input;
    if (value) localStorage.setItem(this.#draft, value);
    else localStorage.removeItem(this.#draft);
    this.#draw();
  }

  #draw() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 132)}px`;
    this.element.classList.toggle("ready", Boolean(this.input.value.trim() || this.#files.length));
    this.#drawStrip();
  }

  /** Fit the height once the box is on the page; before that it has none to measure. */
  settle() {
    this.#changed();
  }

  #warn(words) {
    this.warning.textContent = words;
    this.warning.hidden = !words;
  }

  #drawStrip() {
    const chips = this.#files.map((one, index) => {
      const name = safeName(one.blob.name);
      const remove = h(
        "button",
        {
          type: "button",
          class: "remove",
          "aria-label": t("removeFile", { name }),
          onclick: () => this.#remove(index),
        },
        icon("close"),
      );
      if (one.kind === "photo")
        return h("span", { class: "thumb" }, h("img", { src: one.url, alt: name }), remove);
      return h(
        "span",
        { class: "chip" },
        icon("file"),
        h("bdi", {}, name),
        h("small", {}, size(one.blob.size)),
        remove,
      );
    });
    if (this.#forwarded) {
      chips.unshift(
        h(
          "span",
          { class: "chip" },
          icon("forward"),
          t("forwardOn"),
          h(
            "button",
            {
              type: "button",
              class: "remove",
              "aria-label": t("close"),
              onclick: () => this.#forward(),
            },
            icon("close"),
          ),
        ),
      );
    }
    this.strip.replaceChildren(...chips);
    this.strip.hidden = !chips.length;
  }

  #remove(index) {
    const [gone] = this.#files.splice(index, 1);
    URL.revokeObjectURL(gone.url);
    this.#changed();
    this.focus();
  }

  #forward() {
    this.#forwarded = !this.#forwarded;
    this.#changed();
    this.focus();
  }

  #toggle(what) {
    if (!this.sheet.hidden && this.sheet.dataset.what === what) this.#close(true);
    else this.#open(what, true);
  }

  #open(what, focus) {
    const items = what === "menu" ? this.#commands() : this.#additions();
    if (!items.length && !focus) return;
    this.sheet.dataset.what = what;
    this.sheet.replaceChildren(
      ...(items.length ? items : [h("p", { class: "hint" }, t("noMenu"))]),
    );
    this.sheet.hidden = false;
    this.menuButton.setAttribute("aria-expanded", String(what === "menu"));
    this.plusButton.setAttribute("aria-expanded", String(what === "plus"));
    roving(this.sheet, items);
    if (focus) items[0]?.focus();
  }

  #close(focus) {
    if (this.sheet.hidden) return;
    this.sheet.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
    this.plusButton.setAttribute("aria-expanded", "false");
    if (focus) this.focus();
  }

  #commands() {
    return this.#chats.chat(this.#person.account).menu.map(([command, title]) =>
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: "command",
          onclick: () => {
            if (this.input.value === "/") this.input.value = "";
            this.#changed();
            this.#hand({ text: `/${command}` });
            this.#close(true);
            announce(title);
          },
        },
        h("span", {}, title),
        h("code", {}, `/${command}`),
      ),
    );
  }

  #additions() {
    const pick = (accept) => () => {
      const input = h("input", {
        type: "file",
        multiple: true,
        accept,
        onchange: () => this.addFiles(input.files),
      });
      this.#close(false);
      input.click();
    };
    const place = async () => {
      this.#close(false);
      const chosen = await askPlace(this.#chats.places);
      if (chosen) this.#hand({ place: chosen });
      this.focus();
    };
    const forward = () => {
      this.#close(false);
      this.#forward();
    };
    const entries = [
      ["photo", pick("image/*")],
      ["file", pick()],
      ["voice", pick("audio/*")],
      ["place", place],
      ["forward", forward],
    ];
    return entries.map(([name, act]) =>
      h(
        "button",
        { type: "button", role: "menuitem", class: "addition", onclick: act },
        h("span", { class: "tile" }, icon(name)),
        t(name),
      ),
    );
  }
}
