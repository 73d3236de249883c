"""How fast pages open and answer in headless Chromium: python3 Tests/Pages/load.py PAGE ..."""

import os
import statistics
import sys

from chromium import Browser

# Milliseconds from a change of a control until the page is drawn anew.
ANSWER = """(async () => {
  const control = document.getElementById(%r), before = performance.now();
  control.value = %r;
  control.dispatchEvent(new Event(control.tagName === 'INPUT' ? 'input' : 'change', {bubbles: true}));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - before;
})()"""

with Browser() as page:
    page.open(sys.argv[1])
    for path in sys.argv[1:]:
        opened = statistics.median(page.open(path) for _ in range(5))
        filtered, sorted_ = page.evaluate(ANSWER % ("name", "part-7")), page.evaluate(ANSWER % ("sort", "name"))
        print(f"{path}: {os.path.getsize(path) / 1e6:.2f} MB, opens in {opened:.2f} s, filters in {filtered:.0f} ms, sorts in {sorted_:.0f} ms",
              "; ".join(page.complaints()))
