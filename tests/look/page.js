// Shows cards with the official renderer as Teams does, and says what is wrong with what is seen. Everything is given and returned as JSON.
"use strict";

// The colours of Teams' three themes (Fluent UI). `good` and `attention` are the containers a notice stands in.
const THEMES = {
  light: {
    page: "#f5f5f5", card: "#ffffff", field: "#f5f5f5", ink: "#242424", quiet: "#616161", line: "#e0e0e0", edge: "#8a8a8a", link: "#4f52b2",
    primary: "#5b5fc7", "on-primary": "#ffffff", good: "#e7f2da", attention: "#f9e4e7", bad: "#a4262c", well: "#237b4b", scheme: "light",
  },
  dark: {
    page: "#1f1f1f", card: "#292929", field: "#1f1f1f", ink: "#ffffff", quiet: "#bdbdbd", line: "#3d3d3d", edge: "#8a8a8a", link: "#a6a7fa",
    primary: "#5b5fc7", "on-primary": "#ffffff", good: "#0d2e1a", attention: "#4b1c20", bad: "#ff99a4", well: "#92c353", scheme: "dark",
  },
  contrast: {
    page: "#000000", card: "#000000", field: "#000000", ink: "#ffffff", quiet: "#ffffff", line: "#ffffff", edge: "#ffffff", link: "#ffff01",
    primary: "#1aebff", "on-primary": "#000000", good: "#000000", attention: "#000000", bad: "#ffff01", well: "#3ff23f", scheme: "dark",
  },
};
const SLACK = 2; // pixels that a rounded position may be off

function hostConfig(theme) {
  const of = (one) => ({ default: one, subtle: one });
  const style = (background) => ({
    backgroundColor: background,
    borderColor: theme.line,
    foregroundColors: {
      default: { default: theme.ink, subtle: theme.quiet }, dark: of(theme.ink), light: of(theme.quiet), accent: of(theme.link),
      good: of(theme.well), warning: of(theme.ink), attention: of(theme.bad),
    },
  });
  return new AdaptiveCards.HostConfig({
    fontFamily: '"Segoe UI", "Liberation Sans", sans-serif',
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
    fontWeights: { lighter: 300, default: 400, bolder: 600 },
    lineHeights: { small: 16, default: 20, medium: 22, large: 24, extraLarge: 32 },
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: theme.line },
    supportsInteractivity: true,
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left" },
    adaptiveCard: { allowCustomStyle: true },
    containerStyles: {
      default: style(theme.card), emphasis: style(theme.field), accent: style(theme.field), good: style(theme.good),
      attention: style(theme.attention), warning: style(theme.attention),
    },
    factSet: { title: { weight: "bolder", wrap: true, maxWidth: 150 }, value: { wrap: true }, spacing: 12 },
    inputs: {
      label: { requiredInputs: { suffix: " *", suffixColor: "attention" }, optionalInputs: {} },
      errorMessage: { color: "attention" },
    },
    textStyles: { heading: { size: "large", weight: "bolder" }, columnHeader: { weight: "bolder" } },
    textBlock: { headingLevel: 2 },
  });
}

// As hosts with a conversation around the card do; buttons beyond the sixth are dropped, as in Teams.
if (window.AdaptiveCards) AdaptiveCards.GlobalSettings.setTabIndexAtCardRoot = false;
let shown = [];

// `samples`: [{name, card, marked}], where `marked` is the HTML of each text a client reads as Markdown. Returns {name: what the renderer says}.
function show(samples, theme, width) {
  const stage = document.getElementById("stage");
  const colours = THEMES[theme];
  for (const [name, colour] of Object.entries(colours)) stage.style.setProperty(`--${name}`, colour);
  stage.replaceChildren();
  shown = [];
  const said = {};
  for (const sample of samples) {
    const column = document.createElement("section");
    column.className = "column";
    column.setAttribute("aria-label", sample.name);
    column.lang = sample.card.lang;
    const caption = document.createElement("p");
    caption.className = "caption";
    caption.textContent = sample.name;
    // A form of its own: radio buttons of two cards are no group.
    const pane = document.createElement("form");
    pane.className = "pane";
    pane.addEventListener("submit", (event) => event.preventDefault());
    pane.style.width = `${width}px`;
    column.append(caption, pane);
    stage.append(column);
    said[sample.name] = [];
    AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
      result.outputHtml = sample.marked[text];
      result.didProcess = result.outputHtml !== undefined;
      if (!result.didProcess) said[sample.name].push(`a text nobody expected: ${text}`);
    };
    const card = new AdaptiveCards.AdaptiveCard();
    card.hostConfig = hostConfig(colours);
    const context = new AdaptiveCards.SerializationContext();
    card.parse(sample.card, context);
    card.render(pane);
    for (let place = 0; place < context.eventCount; place++) said[sample.name].push(context.getEventAt(place).message);
    for (const event of card.validateProperties().validationEvents) said[sample.name].push(event.message);
    shown.push({ name: sample.name, pane, card });
  }
  return said;
}

const rect = (element) => element.getBoundingClientRect();
const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && rect(element).width > 0 && rect(element).height > 0;
const brief = (element) => `${element.tagName.toLowerCase()} “${(element.innerText || element.value || "").trim().slice(0, 40)}”`;
const CONTROLS = "a[href], button, input, select, textarea, [tabindex]";

function controls(pane) {
  return [...pane.querySelectorAll(CONTROLS)].filter((one) => one.tabIndex >= 0 && visible(one) && !one.disabled);
}

// What is read one after the other: each piece of text, and each control, in the order of the document.
function pieces(pane) {
  const found = [];
  const walk = (node) => {
    for (const one of node.children) {
      if (!visible(one) || one.getAttribute("aria-hidden") === "true") continue;
      const texts = [...one.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
      if (texts || one.matches(CONTROLS)) found.push(one);
      else walk(one);
    }
  };
  walk(pane);
  return found;
}

// Reading goes down, or to the right within a row; a new row begins below the whole of what is left of it.
function outOfOrder(pane) {
  const faults = [];
  const all = pieces(pane);
  for (let place = 1; place < all.length; place++) {
    const [before, after] = [rect(all[place - 1]), rect(all[place])];
    const below = after.top >= before.bottom - SLACK;
    const right = after.left >= before.right - SLACK && after.bottom > before.top;
    const nextRow = after.left < before.left && after.top > before.top + SLACK;
    if (!below && !right && !nextRow) faults.push(`${brief(all[place])} is read after ${brief(all[place - 1])} and stands before it`);
  }
  return faults;
}

function overflowing(pane) {
  const faults = [];
  const edge = rect(pane).right + 1;
  for (const one of pane.querySelectorAll("*")) {
    if (!visible(one)) continue;
    if (rect(one).right > edge) faults.push(`${brief(one)} is ${Math.round(rect(one).right - edge)} px outside`);
    const cut = getComputedStyle(one).overflowX !== "visible" && !one.matches("input, textarea, select");
    if (cut && one.scrollWidth > one.clientWidth + SLACK) faults.push(`${brief(one)} is cut off`);
  }
  if (pane.scrollWidth > pane.clientWidth + SLACK) faults.push("the card scrolls sideways");
  return faults;
}

// A control that Tab does not reach, or that pushes in before the others.
function unreachable(pane) {
  const faults = [];
  for (const one of pane.querySelectorAll(`${CONTROLS}, [role=button], [onclick]`)) {
    if (visible(one) && one.tabIndex !== 0) faults.push(`${brief(one)} has tabindex ${one.tabIndex}`);
  }
  return faults;
}

function actionsOf(element) {
  const own = [];
  for (let place = 0; place < (element.getActionCount?.() ?? 0); place++) own.push(element.getActionAt(place));
  for (let place = 0; place < (element.getItemCount?.() ?? 0); place++) own.push(...actionsOf(element.getItemAt(place)));
  return own;
}

function effect(action) {
  const { nonce, ...data } = action.data ?? {};
  return JSON.stringify(action.url ?? [action.verb, data]);
}

// Every input says what it is for, every button what it does and no other button does.
function unnamed(pane, card) {
  const faults = [];
  const nameOf = (element) => axe.commons.text.accessibleText(element).trim();
  for (const input of card.getAllInputs()) {
    const named = [...input.renderedElement.querySelectorAll("input, select, textarea")];
    const label = input.label || input.title;
    if (!named.length || !label) faults.push(`${input.id} has no label`);
    const choices = named.length > 1;
    for (const one of named) if (!nameOf(one).includes(choices ? "" : label) || !nameOf(one)) faults.push(`${input.id} is called “${nameOf(one)}”`);
  }
  const known = {};
  for (const action of actionsOf(card)) {
    const button = action.renderedElement;
    if (!button?.isConnected) continue; // behind the menu: its items are made when it opens
    const name = nameOf(button);
    if (!name) faults.push(`a button without a name: ${effect(action)}`);
    if ((known[name] ??= effect(action)) !== effect(action)) faults.push(`two buttons are called “${name}”`);
  }
  for (const menu of pane.querySelectorAll("button, [role=button]")) if (!nameOf(menu)) faults.push(`${brief(menu)} has no name`);
  return faults;
}

// {name: faults} of what is shown now.
function faults() {
  axe.setup(document.body);
  const found = {};
  for (const { name, pane, card } of shown) {
    found[name] = [...unnamed(pane, card), ...outOfOrder(pane), ...unreachable(pane), ...overflowing(pane)];
  }
  axe.teardown();
  return found;
}

// {name: violations} of what is shown now, without the rules of `excluded`.
async function violations(excluded, only) {
  const rules = Object.fromEntries(excluded.map((rule) => [rule, { enabled: false }]));
  const wanted = only.length ? { runOnly: { type: "rule", values: only } } : { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules };
  const result = await axe.run(document.getElementById("stage") ?? document, { ...wanted, resultTypes: ["violations"], elementRef: true });
  const found = {};
  for (const violation of result.violations) {
    for (const node of violation.nodes) {
      const name = node.element.closest(".column")?.getAttribute("aria-label") ?? "";
      (found[name] ??= []).push(`${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`);
    }
  }
  return found;
}

// Where the Tab key should stop: every control once, one of each group of radio buttons.
function expectedStops() {
  const every = shown.flatMap(({ pane }) => controls(pane));
  return every.filter((one) => {
    if (one.type !== "radio") return true;
    const group = every.filter((other) => other.type === "radio" && other.name === one.name && other.form === one.form);
    return one === (group.find((other) => other.checked) ?? group[0]);
  });
}

let stops = [];
document.addEventListener("focusin", (event) => stops.push(event.target));

// Begins a walk through what is shown: how often Tab is pressed at most. Date and time inputs have stops of their own inside.
function beginWalk() {
  document.activeElement?.blur();
  stops = [];
  return expectedStops().reduce((sum, one) => sum + (one.matches("[type=date], [type=time]") ? 5 : 1), 0);
}

// Where the walk stopped and should not, or did not and should.
function wrongStops() {
  const expected = expectedStops();
  const where = (one) => (one ? `${one.closest(".column")?.getAttribute("aria-label") ?? "the page"}: ${brief(one)}` : "nothing");
  const wrong = [];
  for (let place = 0; place < expected.length; place++) {
    if (stops[place] !== expected[place]) wrong.push(`stop ${place + 1} is ${where(stops[place])}, not ${where(expected[place])}`);
  }
  return wrong.slice(0, 5);
}
