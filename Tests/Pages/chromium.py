"""Headless Chromium by its DevTools protocol: as much of it as tests of our pages need."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import websocket


class Browser:
    """A browser with one page. Knows what the page logged and asked of a network."""

    def __init__(self, width=1300, height=1000):
        self.folder = tempfile.mkdtemp(prefix="surprisal-chromium-")
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if not program:
            raise SystemExit("no chromium: apt-get install chromium")
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={self.folder}", f"--window-size={width},{height}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = pathlib.Path(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if port.exists() and port.read_text().count("\n"):
                break
            time.sleep(0.05)
        number, path = port.read_text().split("\n")[:2]
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{number}{path}", timeout=120, max_size=None)
        self.count, self.session, self.events = 0, None, []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __call__(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        """Until an event comes, or came since the last `open`."""
        while True:
            for event in self.events:
                if event.get("method") == method:
                    return event["params"]
            self.events.append(json.loads(self.socket.recv()))

    def open(self, path):
        """Loads a file. Returns seconds until it was loaded and drawn."""
        self.events = []
        start = time.monotonic()
        self("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired")
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - start

    def evaluate(self, expression):
        answer = self("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def key(self, text):
        """A key as a person presses it."""
        codes = {"/": 191, "Escape": 27}
        code = codes.get(text, ord(text.upper()[0]))
        press = {"key": text, "windowsVirtualKeyCode": code}
        if len(text) == 1:
            press["text"] = text
        self("Input.dispatchKeyEvent", type="keyDown", **press)
        self("Input.dispatchKeyEvent", type="keyUp", key=text, windowsVirtualKeyCode=code)

    def downloads(self, folder):
        self("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=True)

    def complaints(self):
        """What the page logged, threw, or asked of anything but itself."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("threw " + json.dumps(params["exceptionDetails"])[:500])
            if method == "Runtime.consoleAPICalled":
                found.append("console " + json.dumps(params["args"])[:500])
            if method == "Log.entryAdded":
                found.append("log " + json.dumps(params["entry"])[:500])
            if method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("data:", "file:", "blob:")):
                found.append("asked for " + params["request"]["url"][:200])
        return found

    def screenshot(self, path, whole=False):
        import base64

        shot = self("Page.captureScreenshot", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
