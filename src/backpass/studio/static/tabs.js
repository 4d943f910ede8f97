// The tabs: one panel is seen, arrow keys choose, and a reload comes back to the one that was open.

import { $ } from "./dom.js";
import { remember, remembered } from "./memory.js";

const MOVES = { ArrowRight: 1, ArrowLeft: -1 };

function choose(tabs, chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
}

function neighbour(tabs, tab, key) {
  const ends = { Home: tabs[0], End: tabs[tabs.length - 1] };
  if (ends[key]) return ends[key];
  return MOVES[key] && tabs[(tabs.indexOf(tab) + MOVES[key] + tabs.length) % tabs.length];
}

// opened(id) is called whenever a panel is opened; `first` is, where the tab remembers none.
export function startTabs(opened, first) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  function open(tab) {
    choose(tabs, tab);
    remember("open", tab.id);
    opened(tab.getAttribute("aria-controls"));
  }
  for (const tab of tabs) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const next = neighbour(tabs, tab, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
      open(next);
    });
  }
  open(tabs.find((tab) => tab.id === remembered("open")) ?? $(`tab-${first}`) ?? tabs[0]);
}
