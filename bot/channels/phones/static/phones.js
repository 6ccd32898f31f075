// The page: which phones are shown, and how their parts hear from the platform.

import { Chats } from "./chats.js";
import { avatar, h } from "./dom.js";
import { showPeople } from "./dialogs.js";
import { Link } from "./link.js";
import { Outgoing } from "./outgoing.js";
import { Phone } from "./phone.js";
import { TopBar } from "./topbar.js";
import { t } from "./words.js";

const AT_START = 8;
const NARROW = matchMedia("(max-width: 640px)");

const chats = new Chats();
const link = new Link();
const outgoing = new Outgoing(link);
const phones = new Map();
const chips = new Map();
const main = document.getElementById("phones");
const bar = new TopBar(chats, link, () =>
  showPeople(chats, (account) => phones.has(account), toggle),
);
let current = localStorage.getItem("phones.current");

function chosenAccounts() {
  const known = new Set(chats.people.map((one) => one.account));
  const saved = JSON.parse(localStorage.getItem("phones.shown") ?? "null");
  if (saved) return saved.filter((account) => known.has(account));
  const proposed = chats.people.filter((one) => one.shown);
  return (proposed.length ? proposed : chats.people).slice(0, AT_START).map((one) => one.account);
}

/** Bring the phones on the page in line with those that were chosen. */
function layOut(accounts) {
  for (const account of [...phones.keys()].filter((one) => !accounts.includes(one)))
    remove(account);
  for (const account of accounts) if (!phones.has(account)) add(account);
  link.say({ t: "watch", accounts: [...phones.keys()] });
  document.querySelector(".none")?.remove();
  if (!phones.size) main.append(h("p", { class: "none" }, t("noPhones")));
  if (!phones.has(current)) current = [...phones.keys()][0] ?? null;
  show(current, false);
}

function add(account) {
  const person = chats.person(account);
  const phone = new Phone(person, chats, outgoing, link, {
    activate: () => show(account, true),
    close: () => toggle(account, false),
  });
  phones.set(account, phone);
  main.append(phone.element);
  phone.composer.settle();
  const badge = h("span", { class: "badge", hidden: true });
  const chip = h(
    "button",
    {
      type: "button",
      class: "who-chip",
      onclick: () => {
        show(account, true);
        phone.element.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" });
        phone.composer.focus();
      },
    },
    avatar(person.name, "small"),
    person.name,
    badge,
  );
  chips.set(account, { chip, badge });
  document.getElementById("chips").append(chip);
  phone.draw();
}

function remove(account) {
  phones.get(account).element.remove();
  phones.delete(account);
  chips.get(account).chip.remove();
  chips.delete(account);
}

function toggle(account, shown) {
  const accounts = [...phones.keys()].filter((one) => one !== account);
  if (shown) accounts.push(account);
  localStorage.setItem("phones.shown", JSON.stringify(accounts));
  if (shown) current = account;
  layOut(accounts);
}

/** Make one phone the current one: alone on a narrow screen; `looked`: somebody turned to it. */
function show(account, looked) {
  const changed = current !== account;
  current = account;
  if (account) localStorage.setItem("phones.current", account);
  for (const [one, phone] of phones) {
    const isCurrent = one === account;
    phone.element.classList.toggle("current", isCurrent);
    phone.active = isCurrent && (looked || phone.active || NARROW.matches);
    chips.get(one).chip.setAttribute("aria-current", String(isCurrent));
  }
  if (!changed || !NARROW.matches) return;
  phones.get(account)?.log.toBottom();
  phones.get(account)?.composer.settle();
}

function drawUnread() {
  for (const [account, { badge }] of chips) {
    const { unread } = chats.chat(account);
    badge.textContent = unread > 99 ? "99+" : String(unread);
    badge.hidden = !unread;
    badge.setAttribute("aria-label", t("unread", { n: unread }));
    phones.get(account).draw();
  }
  bar.count(chats.unread);
}

chats.addEventListener("chat", (event) => phones.get(event.detail)?.draw());
chats.addEventListener("unread", drawUnread);
chats.addEventListener("clock", () => phones.forEach((phone) => phone.draw()));
chats.addEventListener("people", () => {
  layOut(chosenAccounts());
  drawUnread();
});

outgoing.addEventListener("changed", (event) => phones.get(event.detail)?.draw());
outgoing.addEventListener("unsaved", () => bar.remark(t("unsaved")));

link.addEventListener("lost", () => bar.lost(true));
link.addEventListener("word", ({ detail: word }) => {
  if (word.t === "kept") outgoing.settle(word.key, "");
  else if (word.t === "refused") {
    if (word.key) outgoing.settle(word.key, word.reason);
    else bar.remark(t(`reason_${word.reason}`));
  }
  if (word.t !== "kept") chats.take(word);
  if (word.t === "welcome") {
    bar.lost(false);
    outgoing.pumpAll();
  }
});

NARROW.addEventListener("change", () => show(current, false));
document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.draw()));

if (!(await outgoing.open())) bar.remark(t("unsaved"));
link.connect();
