import Detection
import Foundation
import Images
import Reports
import Testing

@testable import Surprisal

struct FolderScanTests {
  /// A folder of discs, checks among them, and what is no image.
  static func folder<R>(discs: Int, odd: Int, _ body: (String) throws -> R) throws -> R {
    try Discs.withFolder { folder in
      let some = Discs.discs(discs, seed: 31)
      for index in some.indices { try Discs.write(some[index], to: "\(folder)/disc-\(100 + index).png") }
      for index in 0..<odd {
        var checks = Discs.checks
        // Alike, and no copies of each other.
        for pixel in 0..<64 {
          checks.pixels[(pixel * 37 + index * 101) % 256] = UInt8((pixel * 53 + index * 17) % 256)
        }
        try Discs.write(checks, to: "\(folder)/odd-\(index).png")
      }
      try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(folder)/bad.png"))
      return try body(folder)
    }
  }

  static func run(
    _ scan: FolderScan, _ paths: [String], threads: Int = 1
  ) throws -> (records: [Record], outcome: FolderScan.Outcome) {
    var records: [Record] = []
    let outcome = try scan.run(
      paths.map { FilePath($0) }, by: Discs.model(), compute: Compute(threads: threads)
    ) { records.append($0) }
    return (records, outcome)
  }

  @Test(
    "Images that judge one another: what does not belong comes first, what is no image last, and none is lost"
  )
  func order() throws {
    try Self.folder(discs: 80, odd: 3) { folder in
      let (records, outcome) = try Self.run(FolderScan(), [folder])
      #expect(records.count == 84)
      #expect(Set(records.prefix(3).map { ($0.path as NSString).lastPathComponent.prefix(3) }) == ["odd"])
      #expect(records.prefix(3).allSatisfy { $0.outlier == true && $0.reason?.isEmpty == false })
      #expect(records.last?.error != nil)
      #expect(outcome.summary.scored == 83 && outcome.summary.unreadable == 1)
      #expect(outcome.summary.outliers == records.count { $0.outlier == true })
      for record in records.dropLast() {
        #expect(record.relativeTo == "folder" && record.bitsPerDim == nil && record.evaluations == 0)
        #expect(record.troubles?.count == Trouble.named.count)
      }
      #expect(zip(records, records.dropFirst()).allSatisfy { $0.pValue ?? 2 <= $1.pValue ?? 2 })
    }
  }

  @Test("The records are the same on any number of threads, and with evaluations images have bits")
  func sameRecords() throws {
    try Self.folder(discs: 40, odd: 1) { folder in
      let one = try Self.run(FolderScan(), [folder]).records
      #expect(try Self.run(FolderScan(), [folder], threads: 2).records == one)
      var scan = FolderScan()
      scan.budget = .fixed(4)
      scan.statistic = .profile
      let deep = try Self.run(scan, [folder]).records
      #expect(deep.first?.path.contains("odd") == true)
      #expect(deep.dropLast().allSatisfy { $0.bitsPerDim != nil && $0.profile?.isEmpty == false })
      scan.budget = .auto
      #expect(throws: SurprisalError.self) { try Self.run(scan, [folder]) }
    }
  }

  @Test("A copy is named and judged as what it shows; a file given twice is judged once; too few are refused")
  func copies() throws {
    try Self.folder(discs: 40, odd: 1) { folder in
      try FileManager.default.copyItem(atPath: "\(folder)/odd-0.png", toPath: "\(folder)/z.png")
      let (records, outcome) = try Self.run(FolderScan(), [folder, "\(folder)/z.png"])
      #expect(outcome.exactCopies == 1 && outcome.summary.repeats == 1)
      let copies = records.filter { $0.copyOf != nil }
      #expect(copies.map(\.path) == ["\(folder)/z.png", "\(folder)/z.png"])
      #expect(copies.allSatisfy { $0.copyOf?.description == "\(folder)/odd-0.png" })
      let original = try #require(records.first { $0.path == "\(folder)/odd-0.png" })
      #expect(copies.allSatisfy { $0.pValue == original.pValue && $0.outlier == original.outlier })
    }
    try Self.folder(discs: 20, odd: 0) { folder in
      // Twenty and as many copies are no forty images.
      for index in 0..<20 {
        try FileManager.default.copyItem(
          atPath: "\(folder)/disc-\(100 + index).png", toPath: "\(folder)/again-\(index).png")
      }
      let refused = #expect(throws: CalibrationError.self) { try Self.run(FolderScan(), [folder]) }
      guard case .tooFewToJudge(let found, let needed) = refused else {
        Issue.record("\(String(describing: refused))")
        return
      }
      #expect(found <= 20 && needed == 30)
    }
  }

  @Test("A copy of another size is as odd in what it shows, and is named for its size")
  func troubledCopy() throws {
    try Self.folder(discs: 60, odd: 0) { folder in
      // Enlarged by whole pixels: at the model's size the same image.
      try Discs.write(Discs.discs(60, seed: 31)[7].enlarged(by: 8), to: "\(folder)/large.png")
      let records = try Self.run(FolderScan(), [folder]).records
      let large = try #require(records.first { $0.path.hasSuffix("large.png") })
      let original = try #require(records.first { $0.path.hasSuffix("disc-107.png") })
      #expect(large.copyOf == original.file)
      func size(_ record: Record) -> Record.Trouble? { record.troubles?.first { $0.name == "odd size" } }
      #expect(try #require(size(large)).isNamed && large.outlier == true, "\(large)")
      #expect(try #require(size(original)).pValue > 0.05 && original.outlier == false, "\(original)")
    }
  }

  @Test("The model saved of a folder's ordinary images finds new ones ordinary and what was odd odd")
  func saved() throws {
    try Self.folder(discs: 120, odd: 3) { folder in
      let outcome = try Self.run(FolderScan(), [folder]).outcome
      let model = try Model(outcome.fitted(compute: Discs.compute).file(), path: "saved")
      let judge = try Judge(model, rate: 0.05, compute: Discs.compute)
      #expect(judge.statistic == .appearance)
      let fresh = try judge.judge(Discs.discs(200, seed: 9)).count { $0.pValue <= 0.05 }
      // 200 * .05, the luck of 120 references and of 200 images: sd sqrt(200^2 .05 .95 / 120 + 200 .05 .95) = 5.
      #expect(fresh < 10 + 3 * 5, "\(fresh)")
      let odd = try judge.judge(ImageBatch(shape: Discs.shape, images: [Discs.checks]))
      #expect(odd[0].pValue <= 0.05 && odd[0].bitsPerDim == nil)
    }
  }
}
