// Owns one Chromium for the tests: runs what each line of standard input says, and answers in a line.
// A line is {"code": "...", "args": {...}}; the code is the body of an async function.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// It tells of what hangs: a busy machine may take long for anything.
const PATIENCE = 60_000;
// Chromium takes the last list that it is given alone, so what Playwright turns off is repeated here.
const PLAYWRIGHT_OFF = [
  "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
  "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
  "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
];
// Two pages of Chromium's own, below the address bar of every window: nobody sees them here, and
// they take more time than the page that is tested.
const ADDRESS_BAR = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];
const browser = await chromium.launch({
  timeout: PATIENCE,
  executablePath: process.argv[2],
  args: [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    `--disable-features=${[...PLAYWRIGHT_OFF, ...ADDRESS_BAR]}`,
  ],
});
// A picture that changes nothing of the page: what Playwright hides, it hides by inline styles.
const plain = { caret: "initial", animations: "allow" };
const kept = { browser, plain, pages: {}, faults: [] };

/** A telephone. What the page complains of, and where else it goes, is noted. */
kept.phone = async (name, url, options = {}) => {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 1,
    hasTouch: true,
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (broken) => {
      console.error(`policy: ${broken.violatedDirective} ${broken.blockedURI}`);
    });
  });
  page.on("pageerror", (fault) => kept.faults.push(String(fault)));
  page.on("console", (said) => {
    const expected = /WebSocket connection|net::ERR_|Failed to load resource/.test(said.text());
    if (said.type() === "error" && !expected) kept.faults.push(said.text());
  });
  const home = new URL(url).host;
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.host !== home && asked.protocol !== "data:") kept.faults.push(`asked ${asked.href}`);
  });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  kept.pages[name] = page;
  return page;
};

const blank = await browser.newPage();

/** The mean brightness, 0 to 255, of each tile of a page's picture, row by row. */
kept.tiles = async (page, columns, rows) => {
  // Text is carried to a page much more cheaply than numbers are.
  const taken = (await page.screenshot(plain)).toString("base64");
  return blank.evaluate(async ({ taken, columns, rows }) => {
    const bytes = Uint8Array.from(atob(taken), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(columns, rows);
    const drawing = canvas.getContext("2d");
    drawing.imageSmoothingQuality = "high";
    drawing.drawImage(image, 0, 0, columns, rows);
    const { data } = drawing.getImageData(0, 0, columns, rows);
    return Array.from({ length: columns * rows }, (_, tile) =>
      Math.round((data[tile * 4] + data[tile * 4 + 1] + data[tile * 4 + 2]) / 3),
    );
  }, { taken, columns, rows });
};

/** What breaks the rules of accessibility. Axe tells much more, and is long: neither is carried for
 * nothing between the page and here. */
kept.broken = async (page, rules) => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async (rules) => {
    const { violations } = await window.axe.run({ runOnly: rules, resultTypes: ["violations"] });
    return violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
  }, rules);
};

/** What a finger cannot use: what sticks out, is covered, or is too small. */
kept.unusable = (page) => page.evaluate(() => {
  const wrong = [];
  const name = (node) => node.outerHTML.slice(0, 80);
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is wider than the screen");
  for (const node of document.querySelectorAll("button, a[href], input, textarea, select, summary")) {
    if (!node.checkVisibility()) continue;
    const { left, right, top, bottom, height } = node.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    if (left < 0 || right > innerWidth) wrong.push(`sticks out: ${name(node)}`);
    const scrolls = node.closest(".transcript, .asks, .settings, main");
    const frame = scrolls?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    if (y < frame.top || y > frame.bottom) continue;
    const hit = document.elementFromPoint(x, y);
    if (!node.contains(hit)) wrong.push(`is covered: ${name(node)}`);
    const small = node.matches("button") && height < 32;
    if (small) wrong.push(`is too small: ${name(node)}`);
  }
  return wrong;
});

const AsyncFunction = (async () => {}).constructor;
for await (const line of createInterface({ input: process.stdin })) {
  const { code, args } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await new AsyncFunction("kept", "args", code)(kept, args)) ?? null };
  } catch (fault) {
    answer = { error: String(fault.stack ?? fault) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
