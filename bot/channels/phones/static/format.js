// Times as people read them. The platform sends local times of the office without a zone; they are
// counted as if in UTC here, so that the browser's own zone never matters.

import { language, t } from "./words.js";

const ZH_DAYS = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];
const EN_DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const EN_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86_400_000;

/** Return milliseconds for 2026-09-14T09:00:00. */
export const parse = (local) => Date.parse(`${local}Z`);

export const hour = (ms) => new Date(ms).toISOString().slice(11, 16);

/** 2026-09-14T09:00, as a datetime-local input wants it. */
export const inputValue = (ms) => new Date(ms).toISOString().slice(0, 16);

function day(ms, withYear) {
  const date = new Date(ms);
  const [year, month, number] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (language === "en") {
    return `${EN_DAYS[date.getUTCDay()]} ${number} ${EN_MONTHS[month]}${withYear ? ` ${year}` : ""}`;
  }
  return `${withYear ? `${year}年` : ""}${month + 1}月${number}日 ${ZH_DAYS[date.getUTCDay()]}`;
}

export const full = (ms) => `${day(ms, true)} ${hour(ms)}`;

/** Return hour and minute, with the day where it is not the day of `now`. */
export function when(ms, now) {
  const days = Math.floor(now / DAY) - Math.floor(ms / DAY);
  if (days === 0) return hour(ms);
  if (days === 1) return `${t("yesterday")} ${hour(ms)}`;
  const sameYear = new Date(ms).getUTCFullYear() === new Date(now).getUTCFullYear();
  return `${day(ms, !sameYear)} ${hour(ms)}`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Return a file's name with what would hide or turn its letters made visible. */
export function safeName(name) {
  const shown = name.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    "\u25a1",
  );
  return shown.trim() || t("unnamed");
}
