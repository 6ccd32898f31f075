// The top bar: the demo's clock, outages, people, colours and language; and the banners below it.

import { h, icon } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { full, inputValue, parse, when } from "./format.js";
import { switchLanguage, t } from "./words.js";

const STEPS = ["hour", "evening", "morning", "day"];
const OUTAGES = [30, 120, 1440, 4320];
const name = (step) => t(`step${step[0].toUpperCase()}${step.slice(1)}`);

export class TopBar {
  #chats;
  #link;
  #lost = false;
  #remark = "";

  constructor(chats, link, showPeople) {
    this.#chats = chats;
    this.#link = link;
    this.time = h("span", { class: "now" });
    this.clock = h(
      "button",
      {
        type: "button",
        class: "clock",
        "aria-label": t("clockTitle"),
        "aria-haspopup": "dialog",
        onclick: () => this.#showClock(),
      },
      icon("clock"),
      this.time,
    );
    this.steps = h(
      "div",
      { class: "steps", role: "group", "aria-label": t("clockTitle") },
      STEPS.map((step) => this.#step(step, "pill")),
    );
    this.badge = h("span", { class: "badge", hidden: true });
    this.outage = h(
      "button",
      {
        type: "button",
        class: "pill outage",
        "aria-haspopup": "dialog",
        onclick: () => this.#showOutage(),
      },
      icon("power"),
      h("span", {}, t("outage")),
    );
    this.brand = h("strong", {}, "dossierbot");
    document
      .getElementById("bar")
      .append(
        h(
          "div",
          { class: "brand" },
          h("img", { src: "static/icon.svg", alt: "", width: "30", height: "30" }),
          h("span", {}, this.brand, h("small", {}, t("tagline"))),
        ),
        h("div", { class: "middle" }, this.clock, this.steps, this.outage),
        h(
          "div",
          { class: "tools" },
          h(
            "button",
            {
              type: "button",
              class: "pill people",
              "aria-haspopup": "dialog",
              onclick: showPeople,
            },
            icon("people"),
            h("span", {}, t("people")),
            this.badge,
          ),
          h(
            "button",
            { type: "button", class: "pill words", onclick: switchLanguage },
            t("language"),
          ),
          h(
            "button",
            {
              type: "button",
              class: "round theme",
              "aria-label": t("theme"),
              onclick: switchTheme,
            },
            icon("sun"),
            icon("moon"),
          ),
        ),
      );
    chats.addEventListener("clock", () => this.draw());
    chats.addEventListener("people", () => this.draw());
    setInterval(() => this.#tick(), 1_000);
  }

  draw() {
    const { moving, up } = this.#chats.clock;
    this.steps.hidden = this.outage.hidden = !this.#chats.movable;
    this.clock.disabled = !this.#chats.movable;
    this.brand.textContent = this.#chats.product ?? "dossierbot";
    document.documentElement.classList.toggle("moving", moving);
    for (const button of document.querySelectorAll("[data-step]")) button.disabled = moving;
    this.outage.disabled = !up;
    this.#tick();
    this.#drawNotices();
  }

  /** Show or hide that the connection is lost. */
  lost(lost) {
    this.#lost = lost;
    document.documentElement.classList.toggle("cut-off", lost);
    this.#drawNotices();
  }

  /** Say something that is not about one phone; it stays until the next change. */
  remark(words) {
    this.#remark = words;
    this.#drawNotices();
  }

  count(unread) {
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    this.badge.hidden = !unread;
    document.title = `${unread ? `(${unread}) ` : ""}${this.#chats.product ?? "dossierbot"}`;
  }

  #tick() {
    if (this.#chats.clock.at) this.time.textContent = full(this.#chats.now());
  }

  #drawNotices() {
    const { moving, up, until } = this.#chats.clock;
    const notices = [];
    if (this.#lost)
      notices.push(
        h("div", { class: "notice lost" }, h("span", { class: "spinner" }), t("reconnecting")),
      );
    if (moving)
      notices.push(
        h("div", { class: "notice" }, h("span", { class: "spinner" }), t("clockMoving")),
      );
    if (!up && this.#chats.clock.at) notices.push(this.#downNotice(until));
    if (this.#remark) {
      notices.push(
        h(
          "div",
          { class: "notice remark" },
          this.#remark,
          h(
            "button",
            {
              type: "button",
              class: "round",
              "aria-label": t("close"),
              onclick: () => this.remark(""),
            },
            icon("close"),
          ),
        ),
      );
    }
    document.getElementById("notices").replaceChildren(...notices);
  }

  #downNotice(until) {
    const time = until && when(until, this.#chats.now());
    const back = [
      h(
        "button",
        {
          type: "button",
          class: "pill",
          onclick: () => this.#link.say({ t: "outage", minutes: 0 }),
        },
        t("comeBack"),
      ),
    ];
    if (until) {
      back.unshift(
        h(
          "button",
          {
            type: "button",
            class: "pill",
            onclick: () => this.#moveTo(new Date(until).toISOString().slice(0, 19)),
          },
          t("comeBackAt", { time }),
        ),
      );
    }
    return h(
      "div",
      { class: "notice down" },
      icon("power"),
      h(
        "span",
        {},
        h("strong", {}, time ? t("downUntil", { time }) : t("down")),
        " ",
        h("span", {}, t("downHint")),
      ),
      back,
    );
  }

  #moveTo(to) {
    this.#link.say({ t: "clock", step: "to", to });
  }

  #step(step, kind) {
    return h(
      "button",
      {
        type: "button",
        class: kind,
        data: { step },
        onclick: () => this.#link.say({ t: "clock", step }),
      },
      name(step),
    );
  }

  #showClock() {
    const now = inputValue(this.#chats.now());
    const input = h("input", {
      type: "datetime-local",
      value: now,
      min: now,
      "aria-label": t("stepTo"),
      required: true,
    });
    const form = h(
      "form",
      {
        class: "own",
        onsubmit: (event) => {
          event.preventDefault();
          const at = parse(input.value.length === 16 ? `${input.value}:00` : input.value);
          this.#moveTo(new Date(at).toISOString().slice(0, 19));
          dialog.close();
        },
      },
      input,
      h("button", { type: "submit", class: "primary", data: { step: "to" } }, t("stepTo")),
    );
    const steps = h(
      "div",
      { class: "choices" },
      STEPS.map((step) => this.#step(step, "wide")),
    );
    const dialog = openDialog(
      t("clockTitle"),
      "panel",
      h("p", { class: "hint" }, t("clockHint")),
      steps,
      form,
    );
    steps.addEventListener("click", () => dialog.close());
  }

  #in(minutes) {
    const now = this.#chats.now();
    return when(now + minutes * 60_000, now);
  }

  #showOutage() {
    const buttons = OUTAGES.map((minutes) =>
      h(
        "button",
        {
          type: "button",
          class: "wide",
          onclick: () => {
            this.#link.say({ t: "outage", minutes });
            dialog.close();
          },
        },
        t(`outage${minutes}`),
        h("small", {}, this.#in(minutes)),
      ),
    );
    const dialog = openDialog(
      t("outageTitle"),
      "panel",
      h("p", { class: "hint" }, t("outageHint")),
      h("div", { class: "choices" }, buttons),
    );
  }
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("phones.theme", root.dataset.theme);
}
