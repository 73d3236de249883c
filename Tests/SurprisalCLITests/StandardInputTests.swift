import Foundation
import Testing

extension RunTests {
  struct StandardInputTests {
    /// Records by what is said of the images, whatever they are called.
    private static func judged(_ outcome: Command.Outcome) -> String {
      outcome.output.replacing(/"[^"]*#([0-9]+)"/) { "\"#\($0.1)\"" }
    }

    @Test("Images of an IDX file on standard input are judged as those of the file, through a pipe too")
    func images() throws {
      try withFolder { folder in
        let file = "\(folder)/x-ubyte"
        let sampled = try Command.run(
          "sample", "--model", "fashion-mnist", "--steps", "4", "-n", "32", "--format", "idx", "--output",
          file)
        #expect(sampled.code == 0, "\(sampled.errors)")
        for options in [[], ["--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.1"]] {
          let scan = ["scan", "--quiet", "--threads", "1"] + options
          let named = try Command.run(scan + [file])
          #expect(named.code == 0, "\(named.errors)")
          // A file, from its start.
          let given = try Command.run(scan + ["-"], input: try bytes(file))
          let piped = try Command.shell(
            "file=$1; shift; cat \"$file\" | \"$@\"", [file, Command.binary.path] + scan + ["-"])
          // A file that something was read of, where the IDX file begins.
          try (Data("line\n".utf8) + bytes(file)).write(to: URL(fileURLWithPath: "\(folder)/after"))
          let after = try Command.shell(
            "file=$1; shift; { read -r line; \"$@\"; } < \"$file\"",
            ["\(folder)/after", Command.binary.path] + scan + ["-"])
          for outcome in [given, piped, after] {
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(
              try outcome.objects.allSatisfy { ($0["path"] as? String)?.hasPrefix("/dev/stdin#") == true })
            #expect(Self.judged(outcome) == Self.judged(named))
          }
        }
      }
    }

    @Test("What is read again is there: pictures of a page, collected outliers")
    func again() throws {
      try withFolder { folder in
        let found = "\(folder)/found"
        let scan = try Command.shell(
          """
          "$1" sample --model fashion-mnist --steps 4 -n 8 --format idx --output - --quiet |
            "$1" scan - --model photos --fpr 0.9 --format html --output "$2/page.html" --collect "$3" --quiet
          """, Command.binary.path, folder, found)
        #expect(scan.code == 0 && scan.errors.isEmpty, "\(scan.errors)")
        #expect(String(decoding: try bytes("\(folder)/page.html"), as: UTF8.self).contains("data:image/png"))
        let names = try FileManager.default.contentsOfDirectory(atPath: found)
        #expect(names.contains { $0.hasPrefix("0001-stdin-") && $0.hasSuffix(".png") }, "\(names)")
      }
    }

    @Test("An IDX file that is cut off is refused with the cause, and its paths alone are a list")
    func refused() throws {
      let header = Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4, 1, 2, 3])
      let cut = try Command.run("scan", "-", "--model", "photos", "--quiet", input: header)
      let record = try #require(try cut.objects.first)
      #expect(record["status"] as? String == "unreadable")
      #expect((record["error"] as? String)?.contains("promises 2 images") == true, "\(record)")
      // As a list: no magic number comes first.
      let list = try Command.run(
        "scan", "-", "-0", "--model", "photos", "--quiet", input: Data("fixtures/other/noise.png\0".utf8))
      #expect(try list.objects.map { $0["path"] as? String } == ["fixtures/other/noise.png"])
    }
  }
}
