import Foundation
import Testing

extension RunTests {
  /// What is kept from run to run: never a word of it in any record.
  struct CacheTests {
    /// Scans that are told apart, and what each needs.
    static let scans = [
      "scan --model fashion-mnist fixtures --evaluations 4 --fpr 0.02",
      "scan --model fashion-mnist fixtures/clothes fixtures/other --evaluations auto",
      "scan fixtures", "scan fixtures --evaluations 4 --statistic profile",
      "scan fixtures --size 16 --channels gray --lenient",
      "gate --model fashion-mnist fixtures --evaluations 4 --fpr 0.02 --max-outliers 100%",
    ]

    private static func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    @Test(
      "Every report is the same bytes with no cache, a cold one and a warm one, on one thread and on two",
      arguments: scans)
    func sameBytes(line: String) throws {
      try withFolder { folder in
        let cache = "\(folder)/cache"
        let scan = Self.words(line) + ["--quiet"]
        let plain = try Command.run(scan + ["--no-cache", "--format", "jsonl"], cache: cache)
        #expect(!exists(cache) && !plain.output.isEmpty, "\(plain.errors)")
        for threads in ["2", "1", "2"] {
          let found = try Command.run(scan + ["--format", "jsonl", "--threads", threads], cache: cache)
          #expect(found.output == plain.output && found.code == plain.code && found.errors == plain.errors)
        }
        // Other formats are made of the same records, whatever the scan.
        for format in line == Self.scans[0] ? ["text", "csv", "sarif", "junit"] : ["text"] {
          let warm = try Command.run(scan + ["--format", format], cache: cache)
          let cold = try Command.run(scan + ["--format", format, "--no-cache"])
          #expect(warm.output == cold.output && !warm.output.isEmpty, "\(format)")
        }
      }
    }

    @Test(
      "Images that are as they were are not opened, and no image is scored that was scored in another folder")
    func notOpened() throws {
      try withFolder { folder in
        let made = try Command.shell(
          "cp -r fixtures/clothes \"$1/a\" && touch -d 2001-01-01 \"$1\"/a/*", folder)
        #expect(made.code == 0, "\(made)")
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4", "\(folder)/a", "--resume"]
        let first = try Command.run(scan, cache: "\(folder)/cache")
        #expect(first.code == 0 && !first.errors.contains("were known from before"), "\(first)")
        let second = try Command.run(scan, cache: "\(folder)/cache")
        #expect(
          second.output == first.output && second.errors.contains("28 were known from before"), "\(second)")
        // Under another name they have to be read, and are known by what they hold.
        try FileManager.default.moveItem(atPath: "\(folder)/a", toPath: "\(folder)/b")
        let moved = try Command.run(
          scan.map { $0 == "\(folder)/a" ? "\(folder)/b" : $0 }, cache: "\(folder)/cache")
        #expect(moved.errors.contains("28 were known from before"), "\(moved)")
        #expect(moved.output == first.output.replacingOccurrences(of: "\(folder)/a", with: "\(folder)/b"))
      }
    }

    @Test("Images of an IDX file are known by file and index, and of a changed file none")
    func indexed() throws {
      try withFolder { folder in
        let path = "\(folder)/some-ubyte"
        func write(_ count: Int, first: UInt8) throws {
          var bytes = Data([0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 28, 0, 0, 0, 28])
          for index in 0..<count * 784 { bytes.append(UInt8((index * 7 + Int(first)) % 256)) }
          try bytes.write(to: URL(fileURLWithPath: path))
        }
        try write(5, first: 1)
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4"]
        let all = try Command.run(scan + [path], cache: "\(folder)/cache")
        #expect(try all.objects.count == 5, "\(all)")
        let some = try Command.run(scan + ["\(path)#1-3"], cache: "\(folder)/cache")
        #expect(try some.objects.count == 3 && some.errors.contains("3 were known from before"), "\(some)")
        try write(5, first: 2)
        let changed = try Command.run(scan + [path], cache: "\(folder)/cache")
        #expect(changed.output == (try Command.run(scan + [path, "--no-cache"])).output)
        #expect(changed.output != all.output)
      }
    }

    /// How a cache comes to be unusable; `scan` scans with it.
    static let troubles = [
      "a file": "echo > \"$cache\"; scan",
      "a folder that cannot be made": "cache=/proc/none; scan",
      // The header's user_version.
      "newer":
        "scan > /dev/null; printf '\\0\\0\\0\\11' | dd of=\"$cache/results.sqlite\" bs=1 seek=60 conv=notrunc 2> /dev/null; scan",
      "damaged": "mkdir \"$cache\"; head -c 20000 /dev/urandom > \"$cache/results.sqlite\"; scan",
      // Blocks of 512 bytes: as good as a full disk.
      "no room": "ulimit -f 64; scan",
    ]

    @Test(
      "A cache that cannot be used is one warning, and the same records", arguments: troubles.keys.sorted())
    func unusable(how: String) throws {
      try withFolder { folder in
        let plain = try Command.run(
          "scan", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4", "--no-cache")
        let found = try Command.shell(
          """
          binary=$1 cache=$2
          scan() { SURPRISAL_CACHE=$cache "$binary" scan --model fashion-mnist fixtures/other --evaluations 4; }
          \(try #require(Self.troubles[how]))
          """, Command.binary.path, "\(folder)/cache")
        #expect(found.code == 0 && found.output == plain.output, "\(found)")
        #expect(found.errors.components(separatedBy: "warning: cache:").count == 2, "\(found.errors)")
      }
    }

    @Test("On a full disk the scan goes on without it", .enabled(if: OutputTests.mounts))
    func fullDisk() throws {
      let outcome = try Command.shell(
        """
        exec unshare -m sh -c '
          set -e; mount -t tmpfs -o size=96k none /mnt
          SURPRISAL_CACHE=/mnt/cache "$0" scan fixtures --format csv > /tmp/$$
          "$0" scan fixtures --no-cache --quiet --format csv | cmp - /tmp/$$; rm /tmp/$$' "$1"
        """, Command.binary.path)
      #expect(
        outcome.code == 0 && outcome.errors.components(separatedBy: "warning: cache:").count == 2,
        "\(outcome)")
    }

    @Test("Where --resume asks for a cache, one that cannot be used is an error")
    func asked() throws {
      let scan = try Command.run(
        ["scan", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4", "--resume"],
        cache: "/proc/none")
      #expect(scan.code == 1 && scan.output.isEmpty && scan.errors.contains("/proc/none"), "\(scan)")
    }

    @Test(
      "Killed at any moment, and two at once, a scan leaves a cache from which the next goes on to the same bytes"
    )
    func killed() throws {
      try withFolder { folder in
        let outcome = try Command.shell(
          """
          set -e; export SURPRISAL_CACHE="$2/cache"; binary=$1 out=$2
          scan() { "$binary" scan --model fashion-mnist fixtures --evaluations 4 --quiet "$@"; }
          scan --no-cache > "$out/plain"
          for moment in 02 05 09 14 20; do
            timeout -s KILL 0.$moment "$binary" scan --model fashion-mnist fixtures --evaluations 4 --quiet > "$out/cut" || true
            scan > "$out/one" 2> "$out/errors" & scan > "$out/two" 2>> "$out/errors"; wait $!
            for made in one two; do cmp "$out/$made" "$out/plain"; done
            test ! -s "$out/errors"
          done
          """, Command.binary.path, folder)
        #expect(outcome.code == 0, "\(outcome)")
      }
    }

    @Test("The cache tells where it lies and what it holds, and is emptied")
    func command() throws {
      try withFolder { folder in
        let cache = "\(folder)/cache"
        _ = try Command.run(
          ["scan", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4"], cache: cache)
        let shown = try Command.run(["cache"], cache: cache)
        #expect(shown.code == 0 && shown.output.hasPrefix("\(cache)/results.sqlite: "), "\(shown)")
        #expect(shown.output.hasSuffix(" 10 results\n"), "\(shown)")
        #expect(try Command.run(["cache", "--prune"], cache: cache).output.hasSuffix(" 10 results\n"))
        #expect(
          try Command.run(["cache", "--prune", "--size", "0"], cache: cache).output.hasSuffix(" 0 results\n"))
        #expect(
          try Command.run(["cache", "--clear"], cache: cache).output.hasSuffix(" 0 files known, 0 results\n"))
      }
    }

    @Test("It lies where the environment says, else in the user's folder for caches")
    func places() throws {
      try withFolder { folder in
        let outcome = try Command.shell(
          """
          unset SURPRISAL_CACHE; export XDG_CACHE_HOME="$2/xdg" HOME="$2/home"
          "$1" cache; XDG_CACHE_HOME=relative "$1" cache; unset XDG_CACHE_HOME; "$1" cache; unset HOME; "$1" cache
          """, Command.binary.path, folder)
        let paths = outcome.output.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        #expect(
          paths.map { $0.dropFirst(folder.count) } == [
            "/xdg/surprisal/results.sqlite", "/home/.cache/surprisal/results.sqlite",
            "/home/.cache/surprisal/results.sqlite",
          ], "\(outcome)")
        #expect(outcome.code == 1 && outcome.errors.contains("SURPRISAL_CACHE"), "\(outcome)")
      }
    }
  }
}
