import Foundation
import Testing

@testable import SurprisalCLI

extension RunTests {
  /// Ctrl-C in the middle of a run.
  struct InterruptionTests {
    /// More images than are scored before a test could end.
    private static func writeMany(to path: String) throws {
      let count = 60_000
      var bytes = Data([0, 0, 8, 3, 0, 0, UInt8(count >> 8), UInt8(count & 255), 0, 0, 0, 28, 0, 0, 0, 28])
      var random = SystemRandomNumberGenerator()
      for _ in 0..<count * 98 { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
      try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test(
      "What there is is judged and written beside the name asked for, said to be incomplete, and gone on from"
    )
    func interrupted() throws {
      try withFolder { folder in
        let images = "\(folder)/many-ubyte"
        try Self.writeMany(to: images)
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4", "--verbose", images]
        let file = "\(folder)/out.sarif"
        let cut = try Command.interrupt(
          scan + ["--format", "sarif", "--output", file], after: "images scored", cache: "\(folder)/cache")
        #expect(cut.code == 130, "\(cut)")
        for words in ["stopping", "interrupted after", "out.incomplete.sarif", "goes on from there"] {
          #expect(cut.errors.contains(words), "\(words): \(cut.errors)")
        }
        #expect(!exists(file))
        let report = try bytes("\(folder)/out.incomplete.sarif")
        let log = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
        let run = try #require((log["runs"] as? [[String: Any]])?.first)
        let invocations = try #require(run["invocations"] as? [[String: Any]])
        #expect(invocations.map { $0["executionSuccessful"] as? Bool } == [false])
        // Its first images are known now.
        let some = ["\(images)#0-31", "--resume", "--format", "jsonl"]
        let next = try Command.run(scan.dropLast() + some, cache: "\(folder)/cache")
        #expect(next.code == 0 && next.errors.contains("32 were known from before"), "\(next)")
        #expect(
          next.output
            == (try Command.run(scan.dropLast() + some.filter { $0 != "--resume" } + ["--no-cache"])).output)
      }
    }

    @Test("A gate that is interrupted is undecided, and writes no baseline")
    func gate() throws {
      try withFolder { folder in
        let images = "\(folder)/many-ubyte"
        try Self.writeMany(to: images)
        let cut = try Command.interrupt(
          [
            "gate", "--model", "fashion-mnist", "--evaluations", "4", "--verbose", images, "--write-baseline",
            "\(folder)/accepted", "--report", "\(folder)/r.sarif",
          ], after: "images scored", cache: "\(folder)/cache")
        #expect(cut.code == 3 && cut.errors.contains("undecided: interrupted after"), "\(cut)")
        #expect(!exists("\(folder)/accepted"))
        #expect(!exists("\(folder)/r.sarif") && exists("\(folder)/r.incomplete.sarif"))
      }
    }

    @Test("The pace is that of the last seconds, and says what is left")
    func pace() {
      var pace = Pace()
      #expect(pace.rate == nil)
      pace.add(0, at: 0)
      // From the cache, at first.
      pace.add(9000, at: 1)
      #expect(
        pace.words("scored", of: 10_000, outliers: 3)
          == "9000 of 10000 images scored, 9000/s, 1 s left, 3 outliers so far")
      for second in 2...40 { pace.add(9000 + 5 * second, at: Double(second)) }
      #expect(
        pace.words("scored", of: 10_000, outliers: nil) == "9200 of 10000 images scored, 5.0/s, 3 min left")
      #expect(pace.words("scored", of: nil, outliers: nil) == "9200 images scored, 5.0/s")
      #expect([1, 89, 600, 9000].map(Pace.duration) == ["1 s", "89 s", "10 min", "2 h 30 min"])
    }
  }
}
