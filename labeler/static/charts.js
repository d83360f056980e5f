/**
 * Draws the figures of a page from the Vega-Lite specifications that stand in it. Without this file the table
 * under each figure says the same. Nothing is evaluated, nothing is fetched; colours are variables of the
 * stylesheet, so that themes and print restyle a drawing by themselves.
 *
 * In a specification: formatType "figure" with a format of options of Intl.NumberFormat, and "day" with options of
 * Intl.DateTimeFormat (the two are the defaults where no format is given); times in epoch milliseconds on a scale
 * of type "utc"; names and words only as data, never in expressions.
 */

const { vega, vegaLite, vegaInterpreter } = window;
// Latin digits everywhere, and in English the day before the month, as the server writes them.
const written = document.documentElement.lang || "en";
const language = `${written === "en" ? "en-GB" : written}-u-nu-latn`;
const ink = (name) => `var(--${name})`;

const formats = {
  figure: (options) => new Intl.NumberFormat(language, options),
  day: (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", day: "numeric", month: "short", ...options }),
};

function theme() {
  const font = getComputedStyle(document.body).fontFamily;
  const words = { labelFont: font, titleFont: font, labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal",
    labelColor: ink("ink-3"), titleColor: ink("ink-2") };
  return {
    aria: false, background: null, font, padding: 2, customFormatTypes: true,
    numberFormatType: "figure", timeFormatType: "day",
    view: { stroke: null },
    axis: { ...words, domainColor: ink("line"), tickColor: ink("line"), gridColor: ink("line"), labelOverlap: true, labelPadding: 6 },
    axisX: { grid: false, tickCount: 5 },
    axisY: { domain: false, ticks: false, tickCount: 4 },
    legend: { ...words, orient: "bottom", symbolStrokeColor: ink("rule") },
    header: words,
    title: { font, color: ink("ink"), fontSize: 13 },
    mark: { invalid: "break-paths-show-domains", color: ink("ink") },
    line: { strokeWidth: 2 }, rule: { color: ink("rule") }, bar: { color: ink("rule") }, rect: { color: ink("rule") },
    area: { color: ink("band"), opacity: 1 }, point: { filled: true, opacity: 1, size: 60 },
    text: { color: ink("ink"), font, fontSize: 13 },
    range: {
      category: ["c1", "c2", "c3", "c4"].map(ink),
      diverging: ["d1", "d2", "d3", "d4", "d5"].map(ink),
    },
  };
}

function register() {
  for (const [name, make] of Object.entries(formats)) {
    vega.expressionFunction(name, (value, options) => {
      return Number.isFinite(+value) ? make(typeof options === "object" ? options : undefined).format(+value) : "";
    });
  }
}

async function draw(figure) {
  const place = figure.querySelector("[data-draw]");
  const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const chart = { width: "container", height: 200, ...spec, config: theme() };
  const view = new vega.View(vega.parse(vegaLite.compile(chart, { logger: vega.logger(vega.Error) }).spec, null, { ast: true }), {
    expr: vegaInterpreter.expressionInterpreter,
    renderer: "svg",
    container: place,
    loader: { load: () => Promise.reject(new Error("Figures carry their data.")) },
    logLevel: vega.Error,
  });
  await view.runAsync();
  name(place);
}

/** Vega's own names are English and many; the figure's heading and sentence say it in the reader's language. */
function name(place) {
  for (const label of ["role", "aria-roledescription", "aria-label"]) place.removeAttribute(label);
  const drawing = place.querySelector("svg");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-labelledby", place.dataset.name);
  drawing.setAttribute("aria-describedby", place.dataset.says);
  drawing.querySelector("g").setAttribute("aria-hidden", "true");
}

function showTable(figure) {
  figure.querySelector("[data-draw]").hidden = true;
  figure.querySelector("details").open = true;
}

async function drawAll() {
  await document.fonts.ready;
  register();
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    await draw(figure).catch((error) => { console.error(error); showTable(figure); });
  }
}

if (vega && vegaLite && vegaInterpreter) drawAll();
else document.querySelectorAll("figure[data-chart]").forEach(showTable);
