"use strict";
// Draws one finding at a time from the data in the page. Texts are set as texts only, never parsed as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const overview = document.getElementById("overview");
  const view = document.getElementById("finding");
  const live = document.getElementById("live");
  const at = { finding: null, step: 0, difference: 0, address: "" };
  // A row is half a word of Go's bitmaps.
  const PAGES_OF_ROW = 32, ROWS = 512 / 32, CELL = 10, GAP = 3, MARGIN = 13, CHUNK_BYTES = 4194304n, PAGE_BYTES = 8192n;

  // Elements.

  function make(tag, attributes = {}, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }

  function draw(tag, attributes = {}, ...children) {
    return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  }

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "onclick") element.addEventListener("click", value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

  // A finding.

  function showFinding(finding) {
    const place = data.findings.indexOf(finding);
    const drawing = finding.drawing;
    view.replaceChildren(
      make("nav", { class: "crumbs", "aria-label": "Findings" },
        make("a", { href: "#" }, "← All findings"),
        make("span", {},
          make("button", { type: "button", disabled: place === 0, onclick: () => goToFinding(-1) }, "◀ Previous"),
          make("span", {}, `finding ${place + 1} of ${data.findings.length}`),
          make("button", { type: "button", disabled: place === data.findings.length - 1, onclick: () => goToFinding(1) }, "Next ▶"))),
      make("h1", { id: "finding-title", tabindex: "-1" }, finding.signature),
      make("p", { class: "verdict" }, ...finding.badges.flatMap((badge) => [make("span", { class: `badge ${badge}` }, badge), " "]), finding.verdict),
      make("dl", { class: "facts" }, ...finding.facts.map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text)))),
      ...finding.notes.map((note) => make("p", { class: "note" }, note)),
      make("div", { class: "view" }, programPanel(finding), drawing ? make("section", { class: "panel step", "aria-label": "Step" }) : reportPanel(finding)));
    if (drawing) showStep();
  }

  function programPanel(finding) {
    const program = finding.program;
    const lines = program.lines.map(([number, text]) => {
      const step = finding.drawing ? finding.drawing.steps.findIndex((each) => each.number === number) : -1;
      const differs = step >= 0 && finding.drawing.steps[step].differences.length > 0;
      const isFirst = differs && step === finding.drawing.opening;
      const button = make("button", { type: "button", class: "line", disabled: step < 0, "data-step": step, onclick: () => goTo(step, 0) },
        make("span", { class: "nr" }, number === 0 ? "" : String(number)),
        make("span", {}, text),
        make("span", { class: "sign", title: differs ? "targets differ after this step" : undefined }, differs ? "≠" : ""));
      if (isFirst) button.append(make("span", { class: "first" }, "first difference"));
      return make("li", {}, button);
    });
    return make("section", { class: "panel program", "aria-label": "Program", tabindex: "-1" },
      make("h2", {}, "Program"),
      ...program.head.map((line) => make("p", { class: "soft mono" }, line)),
      program.before ? make("p", { class: "soft" }, program.before) : null,
      make("ol", {}, ...lines),
      program.after ? make("p", { class: "soft" }, program.after) : null);
  }

  function reportPanel(finding) {
    return make("section", { class: "panel step", "aria-label": "Report" },
      make("h2", {}, "Report"), make("pre", {}, finding.report), ...replayParts(finding));
  }

  function replayParts(finding) {
    return [make("h3", {}, "Run it again"), make("p", { class: "replay" }, make("code", {}, finding.replay))];
  }

  // A step.

  const current = () => at.finding.drawing.steps[at.step];
  const thing = (number) => at.finding.drawing.pool[number];
  const columnNames = () => at.finding.drawing.columns;
  // What all columns have alike is written once.
  const spread = (list) => at.finding.drawing.columns.map((_, column) => list[list.length === 1 ? 0 : column]);

  function showStep() {
    const panel = view.querySelector(".step");
    const step = current();
    panel.replaceChildren(
      steering(step),
      make("h2", {}, step.number === 0 ? "The clean heap" : `Step ${step.number}: `, step.number === 0 ? null : make("code", {}, thing(step.operation))),
      ...outcomes(step),
      ...differenceList(step),
      ...chunkSection(step),
      ...stateSection(step),
      ...replayParts(at.finding),
      make("details", {}, make("summary", {}, "The report as text"), make("pre", {}, at.finding.report)));
    for (const line of view.querySelectorAll(".line")) {
      if (Number(line.dataset.step) === at.step) {
        line.setAttribute("aria-current", "step");
        keepInSight(line);
      } else line.removeAttribute("aria-current");
    }
    markDifference();
  }

  // Scrolls the program's own box, and not the page.
  function keepInSight(line) {
    const box = view.querySelector(".program");
    const bounds = box.getBoundingClientRect(), own = line.getBoundingClientRect();
    if (own.top < bounds.top || own.bottom > bounds.bottom) box.scrollTop += own.top - bounds.top - box.clientHeight / 2;
  }

  function steering(step) {
    const { steps, opening } = at.finding.drawing;
    const button = (label, text, able, go) => make("button", { type: "button", "aria-label": label, title: label, disabled: !able, onclick: go }, text);
    return make("div", { class: "steer", role: "toolbar", "aria-label": "Steps and differences" },
      make("div", {},
        button("Previous step", "◀", at.step > 0, () => goTo(at.step - 1, 0)),
        make("output", { id: "step-number" }, `step ${step.number} of ${at.finding.program.count}`),
        button("Next step", "▶", at.step < steps.length - 1, () => goTo(at.step + 1, 0))),
      make("div", {},
        button("Previous difference", "▲", hasDifference(-1), () => goToDifference(-1)),
        make("output", { id: "difference-number" }, ""),
        button("Next difference", "▼", hasDifference(1), () => goToDifference(1))),
      at.step === opening ? null : make("div", { class: "wide" }, make("button", { type: "button", onclick: () => goTo(opening, 0) }, "To the first difference")),
      make("span", { class: "hint" }, make("kbd", {}, "n"), " ", make("kbd", {}, "p"), " difference  ", make("kbd", {}, "→"), " ", make("kbd", {}, "←"), " step"));
  }

  function outcomes(step) {
    if (step.number === 0) return [];
    const told = step.outcomes.map((number, column) => thing(number) + (thing(step.printed[column]) ? `\nprinted ${thing(step.printed[column])}` : ""));
    const alike = new Set(told).size === 1;
    const names = columnNames();
    if (alike) return [make("p", { "data-place": "outcome printed" }, make("span", { class: "mono did" }, told[0]), names.length > 1 ? make("span", { class: "soft" }, " in all targets") : null)];
    const cards = told.map((text, column) => make("div", { class: "outcome differs-mark" }, make("b", {}, names[column]), make("span", { class: "mono" }, text)));
    return [make("div", { class: "columns", "data-place": "outcome printed" }, ...cards)];
  }

  function differenceList(step) {
    if (step.differences.length === 0) {
      return [make("p", { class: "soft" }, at.finding.drawing.columns.length > 1 ? "The targets agree on everything up to here." : "Only these targets answered; there is nothing to compare.")];
    }
    const item = (difference, number) =>
      make("li", {}, make("button", { type: "button", "data-difference": number, onclick: () => goTo(at.step, number) },
        make("span", { class: "nr" }, String(number + 1)),
        make("span", {}, thing(difference.what)),
        make("span", { class: "held" }, ...difference.groups.map((names, group) => make("span", {}, make("b", {}, names), " ", make("span", { class: "mono" }, thing(difference.held[group])))))));
    const items = step.differences.map(item);
    const list = (some) => make("ol", { class: "differences" }, ...some);
    // They are sorted: what others follow from comes first.
    const firstEffect = step.differences.findIndex((difference) => difference.follows);
    const causes = firstEffect < 0 ? items : items.slice(0, firstEffect);
    const effects = firstEffect < 0 ? [] : items.slice(firstEffect);
    const parts = [make("h3", {}, `${plural(step.differences.length, "difference")} after this step`)];
    if (causes.length) parts.push(list(causes));
    if (effects.length) parts.push(make("details", { class: "effects", open: causes.length === 0 }, make("summary", {}, `${plural(effects.length, "difference")} that may follow from ${causes.length === 1 ? "it" : "these"}`), list(effects)));
    if (step.more) parts.push(make("p", { class: "soft" }, step.more));
    return parts;
  }

  // Pages.

  function bitsOf(text) {
    const bits = new Uint8Array(512);
    text.split(" ").forEach((word, row) => {
      let value = BigInt(`0x${word}`);
      for (let page = 64 * row; value > 0n; page++, value >>= 1n) bits[page] = Number(value & 1n);
    });
    return bits;
  }

  function rangesOf(bits) {
    const ranges = [];
    for (let page = 0; page < 512; page++) {
      if (!bits[page]) continue;
      const first = page;
      while (page < 512 && bits[page]) page++;
      ranges.push(`[${first},${page})`);
    }
    return ranges.length > 12 ? `${ranges.slice(0, 12).join(" ")} and ${ranges.length - 12} more` : ranges.join(" ") || "none";
  }

  const count = (bits) => bits.reduce((sum, bit) => sum + bit, 0);
  const across = (page) => MARGIN + (page % PAGES_OF_ROW) * CELL + Math.floor((page % PAGES_OF_ROW) / 8) * GAP;
  const down = (page) => 3 + Math.floor(page / PAGES_OF_ROW) * CELL + Math.floor(page / 64) * GAP;
  const WIDTH = across(PAGES_OF_ROW - 1) + CELL + 3, HEIGHT = down(511) + CELL + 3;

  function cells(pages, inset, size) {
    return pages.map((page) => `M${across(page) + inset} ${down(page) + inset}h${size}v${size}h${-size}z`).join("");
  }

  function gridOfPages(kind, bits, was, differing, searchPage, label) {
    const all = [...Array(512).keys()];
    const shape = draw("svg", { class: `grid-of-pages ${kind}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
    if (!bits) {
      shape.append(draw("rect", { class: "unused", x: MARGIN, y: 3, width: WIDTH - MARGIN - 4, height: HEIGHT - 6 }), draw("text", { class: "unused-text", x: WIDTH / 2, y: HEIGHT / 2 + 10, "text-anchor": "middle" }, "not in use"));
      return shape;
    }
    const path = (name, pages, inset, size) => pages.length && shape.append(draw("path", { class: name, d: cells(pages, inset, size) }));
    path("clear", all.filter((page) => !bits[page]), 0.5, 9);
    path("set", all.filter((page) => bits[page]), 0.5, 9);
    if (was) {
      path("dot", all.filter((page) => bits[page] && !was[page]), 3.5, 3);
      path("dot-clear", all.filter((page) => !bits[page] && was[page]), 3.5, 3);
    }
    if (searchPage !== null && searchPage !== undefined) {
      const x = across(searchPage), y = down(searchPage);
      shape.append(draw("path", { class: "search", d: `M${x} ${y + CELL - 1}h${CELL}` }));
    }
    path("ring", all.filter((page) => differing[page]), 0, CELL);
    const rows = [...new Set(all.filter((page) => differing[page]).map((page) => Math.floor(page / PAGES_OF_ROW)))];
    if (rows.length) shape.append(draw("path", { class: "pointer", d: rows.map((row) => `M1 ${down(row * PAGES_OF_ROW)}l8 5l-8 5z`).join("") }));
    return shape;
  }

  function figure(kind, name, bits, was, differing, searchPage, extra) {
    const off = count(differing);
    const words = bits ? `${count(bits)} of 512 pages` : "not in use";
    const label = `${name}, ${kind}: ${bits ? rangesOf(bits) : "not in use"}${off ? `; differing: ${rangesOf(differing)}` : ""}`;
    return make("figure", { class: extra },
      gridOfPages(kind, bits, was, differing, searchPage, label),
      make("figcaption", {}, make("b", {}, name), words, off ? make("span", { class: "off" }, `${off === 1 ? "1 page differs" : `${off} pages differ`}: ${rangesOf(differing)}`) : null));
  }

  function chunk(row) {
    const after = spread(row.after);
    const before = spread(row.before || row.after);
    const isBeforeAlike = new Set(before.map((held) => JSON.stringify(held))).size === 1;
    const names = columnNames();
    const parts = [];
    let first = null;
    for (const [position, kind] of ["allocated", "scavenged"].entries()) {
      const bits = after.map((held) => held && bitsOf(thing(held[position])));
      const was = before.map((held) => held && bitsOf(thing(held[position])));
      const differing = new Uint8Array(512).map((_, page) => (bits.some((each) => (each ? each[page] : 2) !== (bits[0] ? bits[0][page] : 2)) ? 1 : 0));
      const figures = [];
      if (row.before && isBeforeAlike && before[0]) figures.push(figure(kind, "before the step", was[0], null, new Uint8Array(512), null, "was"));
      bits.forEach((each, column) => figures.push(figure(kind, names[column], each, row.before ? was[column] || new Uint8Array(512) : null, differing, kind === "allocated" && row.search ? row.search[column] : null, "")));
      const pages = make("div", { class: "pages" }, ...figures);
      const under = make("p", { class: "under", "aria-hidden": "true" });
      follow(pages, under, row, names, bits, kind);
      parts.push(make("h5", {}, kind === "allocated" ? "Allocated" : "Scavenged"), pages, under);
      first = first || pages;
    }
    return make("div", { class: "chunk", "data-first": row.first, "data-count": row.count },
      make("h4", {}, row.label, row.count > 1 ? make("small", {}, ` — ${row.count.toLocaleString("en")} chunks that all look like this one`) : null), ...parts);
  }

  // Tells the page under the pointer.
  function follow(pages, under, row, names, bits, kind) {
    const tell = (event) => {
      const shape = event.target.closest(".grid-of-pages");
      if (!shape) return;
      const bounds = shape.getBoundingClientRect();
      const x = ((event.clientX - bounds.left) * WIDTH) / bounds.width, y = ((event.clientY - bounds.top) * HEIGHT) / bounds.height;
      const page = [...Array(512).keys()].findLast((each) => across(each) <= x && down(each) <= y);
      if (page === undefined) return;
      const address = BigInt.asUintN(64, BigInt(row.first) * CHUNK_BYTES + BigInt(page) * PAGE_BYTES);
      under.textContent = `page ${page} at 0x${address.toString(16)}: ${names.map((name, each) => `${name} ${bits[each] ? (bits[each][page] ? kind : `not ${kind}`) : "not in use"}`).join(" · ")}`;
    };
    pages.addEventListener("pointermove", tell);
    pages.addEventListener("pointerdown", tell);
    pages.addEventListener("pointerleave", () => { under.textContent = ""; });
  }

  function legend() {
    const sign = (...shapes) => draw("svg", { viewBox: "-1 -1 12 12", "aria-hidden": "true" }, ...shapes);
    const square = (name) => draw("path", { class: name, d: "M.5 .5h9v9h-9z" });
    const dot = (name) => draw("path", { class: name, d: "M3.5 3.5h3v3h-3z" });
    const group = (kind, ...shapes) => draw("g", { class: kind }, ...shapes);
    const item = (shape, text) => make("li", {}, shape, text);
    return make("ul", { class: "legend" }, make("li", {}, "a cell is a page, a row 32"),
      item(sign(group("allocated", square("set"))), "allocated"), item(sign(group("scavenged", square("set"))), "scavenged"), item(sign(square("clear")), "not"),
      item(sign(group("allocated", square("set")), dot("dot")), "set by this step"), item(sign(square("clear"), dot("dot-clear")), "cleared by it"),
      item(sign(square("clear"), draw("path", { class: "ring", d: "M0 0h10v10h-10z" })), "targets differ"), item(sign(square("clear"), draw("path", { class: "search", d: "M0 9h10" })), "searchAddr"));
  }

  function chunkSection(step) {
    const rows = step.chunks.map(thing);
    return [make("h3", {}, "Pages after this step"),
      rows.length ? legend() : make("p", { class: "soft" }, "No chunk is in use."),
      ...rows.map(chunk),
      step.chunksLeftOut ? make("p", { class: "soft" }, step.chunksLeftOut) : ""];
  }

  // The rest of the state.

  function stateSection(step) {
    const rows = step.state.map(thing);
    const isTold = (row) => row.differs || row.before;
    const parts = [make("h3", {}, "State before and after")];
    // Within a section, what differs comes first.
    const sections = [...new Set(rows.map((row) => row.section))];
    const rank = (row) => 2 * sections.indexOf(row.section) + (row.differs ? 0 : 1);
    const told = rows.filter(isTold).sort((a, b) => rank(a) - rank(b)), rest = rows.filter((row) => !isTold(row));
    parts.push(told.length ? stateTable(told) : make("p", { class: "soft" }, "Nothing but pages changed, and nothing differs."));
    if (step.stateLeftOut) parts.push(make("p", { class: "soft" }, step.stateLeftOut));
    if (rest.length) parts.push(make("details", {}, make("summary", {}, `${plural(rest.length, "more value")} that did not change and do not differ`), stateTable(rest)));
    return parts;
  }

  function stateTable(rows) {
    const names = columnNames();
    const body = [];
    let section = null;
    for (const row of rows) {
      if (row.section !== section) {
        section = row.section;
        body.push(make("tr", { "data-place": `state ${section}` }, make("th", { scope: "colgroup", colspan: names.length + 2 }, section)));
      }
      const after = spread(row.after).map(thing), before = spread(row.before || row.after).map(thing);
      const isBeforeAlike = new Set(before).size === 1;
      const was = isBeforeAlike ? before[0] : names.map((name, column) => `${name} ${before[column]}`).join("\n");
      body.push(make("tr", { class: [row.differs ? "differs" : "", row.before ? "changed" : ""].join(" ").trim(), "data-place": `state ${row.name}` },
        make("th", { scope: "row" }, row.name),
        make("td", { class: "was-cell", "data-label": "before" }, was),
        ...after.map((text, column) => make("td", { class: "after", "data-label": names[column] }, text))));
    }
    return make("div", { class: "scroll state", tabindex: "0", role: "group", "aria-label": "State" }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, ""), make("th", { scope: "col" }, "before"), ...names.map((name) => make("th", { scope: "col" }, `after: ${name}`)))),
      make("tbody", {}, ...body)));
  }

  // Moving about.

  function markDifference() {
    const step = current();
    const total = step.differences.length;
    for (const button of view.querySelectorAll("[data-difference]")) {
      if (Number(button.dataset.difference) === at.difference) {
        button.setAttribute("aria-current", "true");
        const details = button.closest("details");
        if (details) details.open = true;
      } else button.removeAttribute("aria-current");
    }
    view.querySelectorAll(".here").forEach((element) => element.classList.remove("here"));
    const place = total ? placeOf(step.differences[at.difference]) : null;
    if (place) place.classList.add("here");
    const output = document.getElementById("difference-number");
    output.replaceChildren(...(total ? [make("span", { class: "wide" }, "difference "), make("span", { class: "narrow" }, "≠ "), `${at.difference + 1} of ${total}`] : ["no difference"]));
    return place;
  }

  function placeOf(difference) {
    const [kind, ...rest] = difference.place.split(" ");
    if (kind === "chunk") {
      const number = Number(rest[0]);
      return [...view.querySelectorAll(".chunk")].find((each) => Number(each.dataset.first) <= number && number < Number(each.dataset.first) + Number(each.dataset.count)) || null;
    }
    if (kind === "state") {
      // Summaries that differ in one way may have been changed in several, and then stand in several rows.
      const places = [...view.querySelectorAll("[data-place]")];
      return places.find((each) => each.dataset.place === difference.place) || places.find((each) => each.dataset.place === "state Summaries") || null;
    }
    return view.querySelector('[data-place="outcome printed"]');
  }

  function tell() {
    const step = current();
    const difference = step.differences[at.difference];
    const words = difference ? `, difference ${at.difference + 1} of ${step.differences.length}: ${thing(difference.what)}: ${difference.groups.map((names, group) => `${names} ${thing(difference.held[group])}`).join("; ")}` : ", no difference";
    live.textContent = `Step ${step.number}${words}`;
  }

  function goTo(step, difference, isQuiet = false) {
    const isOther = step !== at.step;
    at.step = step;
    at.difference = difference;
    const focused = document.activeElement;
    const kept = focused && view.contains(focused) ? focused.getAttribute("aria-label") || null : null;
    if (isOther) showStep();
    const place = markDifference();
    for (const button of view.querySelectorAll(".steer button")) {
      if (button.getAttribute("aria-label") === "Previous difference") button.disabled = !hasDifference(-1);
      if (button.getAttribute("aria-label") === "Next difference") button.disabled = !hasDifference(1);
    }
    // The buttons that were pressed are drawn anew with the step; the focus goes to their successors.
    if (kept && isOther) {
      const successor = [...view.querySelectorAll(".steer button")].find((each) => each.getAttribute("aria-label") === kept);
      if (successor && !successor.disabled) successor.focus({ preventScroll: true });
      else view.querySelector(".line[aria-current]")?.focus({ preventScroll: true });
    }
    if (place && !isQuiet) place.scrollIntoView({ block: "nearest" });
    tell();
    remember();
  }

  function neighbour(direction) {
    const { steps } = at.finding.drawing;
    const within = at.difference + direction;
    if (steps[at.step].differences[within] && within >= 0) return [at.step, within];
    for (let step = at.step + direction; step >= 0 && step < steps.length; step += direction) {
      const total = steps[step].differences.length;
      if (total) return [step, direction > 0 ? 0 : total - 1];
    }
    return null;
  }

  const hasDifference = (direction) => neighbour(direction) !== null;

  function goToDifference(direction) {
    const next = neighbour(direction);
    if (next) goTo(...next);
    else live.textContent = direction > 0 ? "This is the last difference." : "This is the first difference.";
  }

  function goToFinding(direction) {
    const next = data.findings[data.findings.indexOf(at.finding) + direction];
    if (next) goToAddress(String(next.number));
  }

  // The browser tells of a new address only later; a key that follows at once must already meet it.
  function goToAddress(fragment) {
    location.hash = fragment;
    open();
  }

  function remember() {
    const { steps, opening } = at.finding.drawing;
    const suffix = at.step === opening ? "" : `.${steps[at.step].number}`;
    history.replaceState(null, "", `#${at.finding.number}${suffix}`);
    at.address = location.hash;
  }

  function open() {
    at.address = location.hash;
    const [, number, stepNumber] = /^#(\d+)(?:\.(\d+))?$/.exec(location.hash) || [];
    const finding = data.findings.find((each) => each.number === Number(number)) || null;
    const cameFrom = at.finding;
    at.finding = finding;
    overview.hidden = finding !== null;
    view.hidden = finding === null;
    if (!finding) {
      document.title = data.title;
      if (cameFrom) document.querySelector(`tr[data-finding="${cameFrom.number}"] a`)?.focus();
      return;
    }
    document.title = `${finding.signature} · ${data.title}`;
    at.difference = 0;
    if (finding.drawing) {
      const wanted = finding.drawing.steps.findIndex((step) => step.number === Number(stepNumber));
      at.step = wanted >= 0 ? wanted : finding.drawing.opening;
    }
    showFinding(finding);
    window.scrollTo({ top: 0, behavior: "instant" });
    document.getElementById("finding-title").focus({ preventScroll: true });
    if (finding.drawing) tell();
  }

  const THEMES = ["system", "light", "dark"];

  function setTheme(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    document.getElementById("theme-name").textContent = theme;
    try { localStorage.setItem("scavdiff-theme", theme); } catch { /* A page opened from a file may not remember. */ }
  }

  function nextTheme() {
    const theme = document.getElementById("theme-name").textContent;
    setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  }

  function rememberedTheme() {
    try { return THEMES.find((theme) => theme === localStorage.getItem("scavdiff-theme")) || "system"; } catch { return "system"; }
  }

  const dialog = document.getElementById("keys");
  const KEYS = {
    n: () => at.finding?.drawing && goToDifference(1),
    p: () => at.finding?.drawing && goToDifference(-1),
    j: () => at.finding?.drawing && at.step < at.finding.drawing.steps.length - 1 && goTo(at.step + 1, 0),
    k: () => at.finding?.drawing && at.step > 0 && goTo(at.step - 1, 0),
    d: () => at.finding?.drawing && goTo(at.finding.drawing.opening, 0),
    N: () => at.finding && goToFinding(1),
    P: () => at.finding && goToFinding(-1),
    t: nextTheme,
    "?": () => dialog.showModal(),
    "/": () => { if (at.finding) goToAddress(""); document.getElementById("filter")?.focus(); },
    Escape: () => { if (at.finding) goToAddress(""); },
  };
  KEYS.ArrowRight = KEYS.j;
  KEYS.ArrowLeft = KEYS.k;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest("input") && event.key !== "Escape") return;
    // A box that scrolls sideways needs its arrows itself.
    const box = event.target.closest(".scroll");
    if (event.key.startsWith("Arrow") && box && box.scrollWidth > box.clientWidth) return;
    const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
    if (!act) return;
    event.preventDefault();
    act();
  });

  // The list of findings.

  const filter = document.getElementById("filter");
  const rows = [...(filter ? document.querySelector(".findings").tBodies[0].rows : [])];
  filter?.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    document.getElementById("filter-count").textContent = wanted ? `${shown} of ${plural(rows.length, "finding")}` : "";
  });
  filter?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !filter.value) return;
    filter.value = "";
    filter.dispatchEvent(new Event("input"));
    event.stopPropagation();
  });

  for (const button of document.querySelectorAll(".sort")) {
    button.addEventListener("click", () => {
      const heading = button.closest("th");
      const column = heading.cellIndex, isNumber = heading.classList.contains("number");
      const direction = heading.getAttribute("aria-sort") === "ascending" || (isNumber && !heading.hasAttribute("aria-sort")) ? -1 : 1;
      const key = (row) => row.cells[column].dataset.sort;
      const own = [...heading.closest("table").tBodies[0].rows];
      own.sort((a, b) => direction * (isNumber ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b))));
      heading.parentElement.querySelectorAll("[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      heading.closest("table").tBodies[0].append(...own);
    });
  }

  document.getElementById("theme-button").addEventListener("click", nextTheme);
  document.getElementById("keys-button").addEventListener("click", () => dialog.showModal());
  window.addEventListener("hashchange", () => { if (location.hash !== at.address) open(); });
  setTheme(rememberedTheme());
  open();
})();
