import Foundation
import Reports
import Testing

@testable import Surprisal

struct ScanTests {
  static func judge() throws -> Judge {
    try Judge(Discs.model(), statistic: .profile, compute: Discs.compute)
  }

  static func records(_ scan: Scan, _ path: String) throws -> (records: [Record], summary: Scan.Summary) {
    var records: [Record] = []
    let summary = try scan.run([path], by: judge()) { records.append($0) }
    return (records, summary)
  }

  @Test("What does not belong comes first, what is no image last, and none is lost")
  func order() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let (records, summary) = try Self.records(Scan(), mixed)
      #expect(records.first?.path == "\(mixed)/odd.png")
      #expect(records.first?.outlier == true)
      #expect(records.last?.path == "\(mixed)/bad.png")
      #expect(records.last?.error == "not an image of a known kind")
      #expect(records.count == 11)
      #expect(summary.scored == 10 && summary.unreadable == 1)
      #expect(summary.outliers == records.count { $0.outlier == true })
    }
  }

  @Test("An interrupted scan goes on to the same records without scoring anew; with no cache it starts again")
  func resume() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let whole = try Self.records(Scan(), mixed).records
      var scan = Scan()
      scan.cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      scan.limit = 4
      _ = try Self.records(scan, mixed)
      scan.limit = nil
      let again = try Self.records(scan, mixed)
      #expect(again.records == whole)
      // Four of eleven; whether by state or by content, as they were written just now.
      #expect(again.summary.recalled == 4 && again.summary.scored == 10)
      #expect(try Self.records(scan, mixed).summary.recalled == 11)
    }
  }

  @Test(
    "A file given by many paths is scored once and recorded for each, also when gone on with; one image of a set of one"
  )
  func manyPaths() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let manager = FileManager.default
      try manager.createSymbolicLink(atPath: "\(mixed)/same.png", withDestinationPath: "odd.png")
      try manager.linkItem(atPath: "\(mixed)/odd.png", toPath: "\(mixed)/twin.png")
      let paths = [
        "\(mixed)/odd.png", "\(mixed)/./odd.png", mixed, "\(mixed)//odd.png", "\(mixed)/bad.png",
        "\(mixed)/none",
        "\(mixed)/none",
      ]
      var records: [Record] = []
      func run(_ scan: Scan, _ paths: [String]) throws -> Scan.Summary {
        records = []
        return try scan.run(paths, by: Self.judge()) { records.append($0) }
      }
      let summary = try run(Scan(), paths)
      let odd = records.filter {
        $0.pValue == records[0].pValue && $0.error == nil && $0.score == records[0].score
      }
      #expect(
        odd.map { $0.path.dropFirst(mixed.count) }
          == ["/odd.png", "/./odd.png", "/odd.png", "/same.png", "/twin.png", "//odd.png"])
      #expect(
        records.count { $0.path.hasSuffix("bad.png") } == 2
          && records.count { $0.path.hasSuffix("none") } == 2)
      #expect(
        summary.scored == 9 + 6 && summary.repeats == 5 && summary.unreadable == 4 && records.count == 19)
      // The set and its mean are of ten images, as when each is given once.
      let whole = records
      let once = try run(Scan(), ["\(mixed)/odd.png"] + (0..<9).map { "\(mixed)/\($0).png" })
      #expect(once.set?.pValue == summary.set?.pValue && once.meanBitsPerDim == summary.meanBitsPerDim)
      #expect(once.evaluations == summary.evaluations)
      // Interrupted after any image and gone on with, the same.
      var scan = Scan()
      for limit in [1, 2, 5] {
        scan.cache = try ResultCache(folder: FilePath("\(folder)/cache-\(limit)"))
        scan.limit = limit
        _ = try run(scan, paths)
        scan.limit = nil
        let resumed = try run(scan, paths)
        #expect(records == whole && resumed.set?.pValue == summary.set?.pValue, "\(limit)")
      }
    }
  }

  @Test("Results of images read another way are not gone on with")
  func otherReading() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      var scan = Scan()
      scan.cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      _ = try Self.records(scan, mixed)
      scan.reading.decoder.limits.pixels = 100
      let again = try Self.records(scan, mixed)
      #expect(again.summary.recalled == 0)
      #expect(again.summary.unreadable == 11, "every image is above the limit")
    }
  }

  @Test(
    "Stopped before it is done, a scan judges what it has, says that this is not all, and goes on from there")
  func stopped() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let whole = try Self.records(Scan(), mixed).records
      var scan = Scan()
      scan.cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      // Many paths to each: more than a batch.
      let many = Array(repeating: mixed, count: 1)
      var asked = 0
      var totals: ReportTotals?
      var records: [Record] = []
      let summary = try scan.run(
        many, by: Self.judge(),
        shouldStop: {
          asked += 1
          return asked > 0
        }, begin: { totals = $0 }
      ) { records.append($0) }
      #expect(!summary.isComplete && totals?.isComplete == false && records.isEmpty)
      #expect(try Self.records(scan, mixed).records == whole)
    }
  }
}
