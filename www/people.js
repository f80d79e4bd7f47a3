import { UserDirectory } from "pipedrive-users/directory";
import { h } from "./dom.js";

/** How many people the picker shows. */
const SHOWN = 8;

/** Returns a picker of people: it searches the company's directory, which one call fills. */
export function peoplePicker({ client }) {
  const directory = new UserDirectory(client);
  const input = h("input", { type: "search", id: "people", autocomplete: "off", placeholder: "Name or e-mail", "aria-describedby": "people-cost" });
  const list = h("ul.more", { id: "people-found" });
  const note = h("p.faint", { id: "people-cost", role: "status" }, "The first letter loads everybody, for 20 tokens. Every search after it is free.");
  let latest = 0;

  async function search() {
    const turn = (latest += 1);
    const text = input.value.trim();
    if (!text) return list.replaceChildren();
    try {
      const found = await directory.search(text);
      // A later letter may have been answered first.
      if (turn !== latest) return;
      list.replaceChildren(...found.slice(0, SHOWN).map(({ id, name, email, status }) =>
        h("li", {}, h("strong", {}, name), h("span.faint", {}, `${email} · ${id}${status === "active" ? "" : ` · ${status}`}`))));
      note.textContent = `${found.length} of ${directory.entries().length} people. The client has spent ${client.usage.tokensSpent} tokens in all.`;
    } catch (error) {
      if (turn === latest) note.textContent = `${error.name}: ${error.message}`;
    }
  }

  input.oninput = search;
  return h("section.card", { "aria-label": "People" }, h("label", { for: "people" }, "Find somebody in the directory"), input, note, list);
}
