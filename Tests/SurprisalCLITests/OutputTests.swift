import Foundation
import Testing

extension RunTests {
  /// Where results go, for every command that writes any.
  struct OutputTests {
    /// What each command would do, given a path; none of it can: there are no such images.
    static let commands = [
      "scan --model fashion-mnist no/such.png --output",
      "gate --model fashion-mnist no/such.png --write-baseline", "sample --model fashion-mnist -n 1 --sheet",
      "explain --model fashion-mnist no/such.png --output",
      "calibrate --model fashion-mnist no/such.png --output", "train no/such.png --output",
    ]

    @Test("A folder or a missing one is refused before any work, by its name", arguments: commands)
    func refused(command: String) throws {
      try withFolder { folder in
        for (path, reason) in [
          ("none/x", "the folder \(folder)/none/ does not exist"), ("", "it is a folder"),
        ] {
          let path = "\(folder)/\(path)"
          let words = command.split(separator: " ").map(String.init) + [path]
          let outcome = try Command.run(words)
          #expect(
            outcome.code == 1 && outcome.output.isEmpty
              && outcome.errors == "Error: \(path): cannot write: \(reason)\n", "\(outcome)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }

    /// Commands that succeed, up to where their result goes.
    static let results = [
      "scan --model fashion-mnist fixtures/clothes/00.png fixtures/broken --evaluations 4 --output",
      "gate --model fashion-mnist fixtures/other --evaluations 4 --fpr 0.02 --write-baseline",
      "sample --model fashion-mnist -n 2 --steps 2 --threads 1 --sheet",
      "explain --model fashion-mnist fixtures/clothes/00.png --evaluations 4 --threads 1 --output",
      "calibrate --model fashion-mnist fixtures/clothes --evaluations 0 --threads 1 --output",
      "train fixtures/clothes --size 16 --channels gray --preset tiny --batch 2 --steps 1 --validation 0.35"
        + " --evaluations 4 --precision f32 --threads 1 --no-page --output",
    ]

    @Test(
      "To -, a pipe, a device and through a link, the bytes are those of a plain file, and all stay what they are",
      arguments: results)
    func streams(command: String) throws {
      try withFolder { folder in
        let outcome = try Command.shell(
          """
          set -e; binary=$1 folder=$2; shift 2
          "$binary" "$@" "$folder/plain" > "$folder/words"
          "$binary" "$@" - > "$folder/dash"
          mkfifo "$folder/pipe"; cat "$folder/pipe" > "$folder/piped" & "$binary" "$@" "$folder/pipe" > /dev/null; wait
          ln -s target "$folder/link"; "$binary" "$@" "$folder/link" > /dev/null
          "$binary" "$@" /dev/null > /dev/null
          echo before > "$folder/appended"; "$binary" "$@" /dev/stdout >> "$folder/appended"
          test -p "$folder/pipe"; test -L "$folder/link"; test -c /dev/null
          cd "$folder"; for made in dash piped link; do cmp plain $made; done
          tail -c +8 appended | cmp - plain
          ls
          """, [Command.binary.path, folder] + command.split(separator: " ").map(String.init))
        #expect(outcome.code == 0, "\(outcome)")
        #expect(
          outcome.output.split(separator: "\n")
            == ["appended", "dash", "link", "pipe", "piped", "plain", "target", "words"], "\(outcome)")
        #expect(try !bytes("\(folder)/plain").isEmpty)
      }
    }

    /// Whether a file system of our own can be mounted, out of sight of all others.
    static let mounts =
      (try? Command.shell("unshare -m sh -c 'mount -t tmpfs -o size=16k none /mnt'").code) == 0

    @Test(
      "On a full disk the reason and the path are told, and the old file is what it was", .enabled(if: mounts)
    )
    func fullDisk() throws {
      let outcome = try Command.shell(
        """
        exec unshare -m sh -c '
          set -e; mount -t tmpfs -o size=16k none /mnt; echo old > /mnt/out
          "$0" scan fixtures --evaluations 4 --format html --output /mnt/out || echo "code $?"
          "$0" calibrate --model fashion-mnist fixtures/clothes --evaluations 0 --output /mnt/out || echo "code $?"
          cat /mnt/out; ls -A /mnt' "$1"
        """, Command.binary.path)
      #expect(outcome.output == "code 1\ncode 1\nold\nout\n", "\(outcome)")
      let reasons = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: /mnt/out") }
      #expect(
        reasons.count == 2 && reasons.allSatisfy { $0.hasSuffix(": cannot write: No space left on device") },
        "\(outcome.errors)")
    }

    @Test(
      "Standard output that cannot be written to is an error, for records and for words",
      arguments: [
        "scan --model fashion-mnist fixtures/clothes/00.png --evaluations 4", "model fashion-mnist",
        "gate --model fashion-mnist fixtures/other --evaluations 4 --fpr 0.02",
        "explain --model fashion-mnist fixtures/clothes/00.png --evaluations 4",
      ])
    func fullStandardOutput(command: String) throws {
      let outcome = try Command.shell(
        #"binary=$1; shift; exec "$binary" "$@" > /dev/full"#,
        [Command.binary.path] + command.split(separator: " ").map(String.init))
      #expect(
        outcome.code == 1
          && outcome.errors.hasSuffix("Error: standard output: cannot write: No space left on device\n"),
        "\(outcome)")
    }

    @Test("Images are no stream")
    func samples() throws {
      #expect(try Command.run("sample", "--model", "fashion-mnist", "-n", "1", "--output", "-").code == 64)
    }
  }
}
