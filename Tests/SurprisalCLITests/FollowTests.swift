import Foundation
import Testing

extension RunTests {
  /// Paths that come one after another.
  struct FollowTests {
    private static let scan = ["scan", "-", "--follow", "--model", "fashion-mnist", "--evaluations", "4"]

    @Test(
      "A record leaves before the next path comes, in the order of paths, and paths that come again are judged again"
    )
    func atOnce() throws {
      let process = Process()
      let (input, output) = (Pipe(), Pipe())
      process.executableURL = Command.binary
      process.arguments = Self.scan + ["--quiet", "--no-cache"]
      process.currentDirectoryURL = Command.root
      process.environment = ProcessInfo.processInfo.environment.merging(
        ["OMP_NUM_THREADS": "1"]) { $1 }
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      var rest = Data()
      /// The next line; nil at the end.
      func line() throws -> [String: Any]? {
        while true {
          if let end = rest.firstIndex(of: 10) {
            defer { rest = Data(rest[(end + 1)...]) }
            return try JSONSerialization.jsonObject(with: rest[..<end]) as? [String: Any]
          }
          let more = output.fileHandleForReading.availableData
          guard !more.isEmpty else { return nil }
          rest += more
        }
      }
      // None is sent before the record of the one before is there.
      for path in ["clothes/00.png", "missing.png", "other/noise.png", "clothes/00.png"] {
        try input.fileHandleForWriting.write(contentsOf: Data("fixtures/\(path)\r\n".utf8))
        let record = try #require(try line())
        #expect(record["path"] as? String == "fixtures/\(path)")
        #expect(record["status"] as? String == (path == "missing.png" ? "unreadable" : "scored"))
      }
      // A path without an end of its own; then the end.
      try input.fileHandleForWriting.write(contentsOf: Data("fixtures/clothes".utf8))
      try input.fileHandleForWriting.close()
      for index in 0..<28 {
        let path = try line()?["path"] as? String
        #expect(path?.hasPrefix(String(format: "fixtures/clothes/%02d.", index)) == true)
      }
      #expect(try line() == nil)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }

    @Test("Records are those of a scan by the same rate, in each format of lines")
    func sameRecords() throws {
      let list = Data("fixtures/clothes\nfixtures/other\nfixtures/broken\n".utf8)
      let whole = try Command.run(
        "scan", "-", "--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.05", input: list)
      let followed = try Command.run(Self.scan + ["--fpr", "0.05"], input: list)
      #expect(whole.code == 0 && followed.code == 0, "\(followed)")
      #expect(
        Set(followed.output.split(separator: "\n")) == Set(whole.output.split(separator: "\n")))
      #expect(followed.errors.contains("38 scored") && followed.errors.contains("6 unreadable"))
      let rows = try Command.run(
        Self.scan + ["--format", "csv", "-0"], input: Data("fixtures/clothes\0".utf8))
      #expect(rows.code == 0 && rows.output.split(separator: "\n").count == 29, "\(rows)")
    }

    @Test("What needs all images does not go with it")
    func refusals() throws {
      for line in [
        "scan - --follow", "scan x --follow --model photos", "scan - x --follow --model photos",
        "scan - --follow --model photos --fdr 0.1", "scan - --follow --model photos --format html",
        "scan - --follow --model photos --shard 1/2", "scan - --follow --model photos --collect d",
      ] {
        let wrong = try Command.run(line.split(separator: " ").map(String.init))
        #expect(wrong.code == 64, "\(wrong)")
      }
    }
  }
}
