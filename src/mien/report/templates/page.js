"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Titles inside charts become one tooltip that also answers to touch. Without this script the browser shows them itself.
  const tip = document.getElementById("tip");
  const words = new Map();
  for (const title of all("svg title")) {
    words.set(title.parentNode, title.textContent);
    title.remove();
  }
  const show = (event) => {
    let at = event.target;
    while (at && at.nodeType === 1 && !words.has(at)) at = at.parentNode;
    const text = at && words.get(at);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const above = event.clientY + 18 + box.height > innerHeight;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (above ? event.clientY - box.height - 12 : event.clientY + 18) + "px";
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("scroll", () => { tip.hidden = true; }, true);

  // Light or dark: the system's choice until the button is used.
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  // Tables whose heads sort.
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending" || (head.classList.contains("num") && !head.hasAttribute("aria-sort"));
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const rows = all("tbody tr", table).sort((a, b) => value(a).localeCompare(value(b), "en", { numeric: true }) );
        if (head.classList.contains("num")) rows.sort((a, b) => (parseFloat(value(a)) || 0) - (parseFloat(value(b)) || 0));
        if (falling) rows.reverse();
        table.tBodies[0].append(...rows);
      });
    });
  }

  // Subjects, sorted anew inside their database's panel.
  for (const tools of all("[data-sorts=subjects]")) {
    tools.hidden = false;
    const buttons = all("button", tools);
    for (const button of buttons) {
      button.addEventListener("click", () => {
        buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
        const by = button.dataset.by;
        const order = (a, b) => by === "name"
          ? a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true })
          : b.dataset[by] - a.dataset[by] || a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true });
        for (const panel of all(".panel-group")) {
          const { start, column } = panel.dataset;
          all(".subject", panel).sort(order).forEach((subject, place) => {
            subject.setAttribute("transform", `translate(${+start + column * (place + 0.5)} 0)`);
          });
        }
      });
    }
  }

  // The legend of the map shows and hides classes.
  for (const button of all("[data-legend=map] button")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      all("#map ." + button.dataset.class).forEach((mark) => mark.classList.toggle("off", !on));
    });
  }

  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  }

  // On a narrow screen the contents start folded; on a wide one the section in view is marked.
  const contents = document.getElementById("contents");
  const narrow = matchMedia("(max-width: 1020px)");
  const fold = () => { contents.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
  const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.classList.remove("here"));
      links.get(entry.target.id)?.classList.add("here");
    }
  }, { rootMargin: "0px 0px -75% 0px" });
  all("section").forEach((section) => seen.observe(section));
})();
