"""Entries with name fields in a real browser, where the order of the page's answers is the test's."""

from __future__ import annotations

from playwright.sync_api import Page

from core.ui.components.mount import modules_address
from tests.serving import App

DRAW_ENTRIES = """async ([module, ids, seen]) => {
  const { default: drawEntries } = await import(module);
  const bare = { strips: [], note: "", buttons: [], question: "", click: "", wide: false };
  document.querySelector(".entries") ?? document.body.replaceChildren(
    Object.assign(document.createElement("div"), { className: "entries" }));
  const entries = ids.map((id) => ({ ...bare, id, title: id, field: id.startsWith("card") ? "" : "Who?" }));
  const data = { key: "wall", seen, entries, names: [], keys: {}, settling: ["name"], epoch: seen, layout: "wall",
    search: "", start: true };
  const setTriggerValue = (_, commands) => { window.commands = [...commands]; };
  drawEntries({ data, parentElement: document.body, setTriggerValue });
}"""


def test_whoever_types_goes_from_group_to_group_whatever_cards_come_and_go(learned: App, page: Page):
    module = f"{learned.url}{modules_address()}entries.js"
    page.goto(module)  # a bare page of the app's origin: the answers come in the order that is tested here

    def answer(*ids: str, seen: int = 0) -> None:
        page.evaluate(DRAW_ENTRIES, [module, ids, seen])

    def name(text: str) -> dict:
        page.keyboard.type(f"{text}\n")
        return page.evaluate("window.commands.at(-1)")

    groups = ["a", "b", "c", "d", "e", "f", "g", "h"]
    answer(*groups)
    named = [name("Ann")]
    answer("card 1", *groups[1:], seen=named[-1]["n"])
    named.append(name("Bob"))
    answer("card 1", *groups[2:], seen=named[-1]["n"])
    named.append(name("Cleo"))
    answer(*groups[3:], seen=named[-1]["n"])
    named.append(name("Dan"))
    named.append(name("Eve"))  # the answer to Dan comes after it, with more cards
    answer("card 2", "card 3", *groups[4:], seen=named[-2]["n"])
    page.keyboard.type("Fa")
    answer("card 3", *groups[6:], seen=named[-1]["n"])  # the group is on a card by now
    named.append(name("y"))
    answer("h", "card 3", "g", seen=named[-1]["n"])
    named.append(name("Gil"))

    assert [(command["ids"], command["text"]) for command in named] == [
        (["a"], "Ann"),
        (["b"], "Bob"),
        (["c"], "Cleo"),
        (["d"], "Dan"),
        (["e"], "Eve"),
        (["f"], "Fay"),
        (["g"], "Gil"),
    ]
