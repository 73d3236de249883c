import Cache
import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports
import Testing

@testable import Surprisal

/// What is kept from run to run changes what is done, and nothing that is said.
struct RecallTests {
  /// Times long gone, as after a second of rest no change could be missed.
  static func age(_ folder: String) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: "\(folder)/\(name)")
    }
  }

  static func scan(_ paths: [String], cache: ResultCache?, hashes: Bool = true) throws -> (
    [Record], Scan.Summary
  ) {
    var scan = Scan()
    scan.cache = cache
    scan.hashesContent = hashes
    var records: [Record] = []
    let summary = try scan.run(paths, by: ScanTests.judge()) { records.append($0) }
    return (records, summary)
  }

  static func folder(_ paths: [String], cache: ResultCache?, evaluations: Int = 0, threads: Int = 1) throws
    -> (
      [Record], FolderScan.Outcome
    )
  {
    var scan = FolderScan()
    scan.cache = cache
    scan.hashesContent = true
    scan.budget = .fixed(evaluations)
    if evaluations > 0 { scan.statistic = .profile }
    let (records, outcome) = try FolderScanTests.run(scan, paths, threads: threads)
    return (records, outcome)
  }

  /// An IDX file of discs.
  static func writeDiscs(_ count: Int, to path: String) throws {
    var bytes = Data([0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 16, 0, 0, 0, 16])
    for image in Discs.discs(count, seed: 5).indices {
      bytes += Discs.discs(count, seed: 5).pixels(of: image)
    }
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test(
    "Under a model records are the same with no cache, a cold one and a warm one, of files and of images in IDX files"
  )
  func underModel() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      try Self.writeDiscs(20, to: "\(mixed)/discs-ubyte")
      try FileManager.default.copyItem(atPath: "\(mixed)/odd.png", toPath: "\(mixed)/copy.png")
      let cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      let plain = try Self.scan([mixed, "\(mixed)/odd.png", "\(mixed)/none"], cache: nil)
      #expect(plain.1.recalled == 0 && plain.0.count == 34)
      #expect(plain.0.filter { $0.error == nil }.allSatisfy { $0.content?.count == 64 })
      for count in [0...1, 32...32] {
        let found = try Self.scan([mixed, "\(mixed)/odd.png", "\(mixed)/none"], cache: cache)
        #expect(found.0 == plain.0 && found.1.set?.pValue == plain.1.set?.pValue)
        #expect(
          found.1.meanBitsPerDim == plain.1.meanBitsPerDim && found.1.evaluations == plain.1.evaluations)
        #expect(count.contains(found.1.recalled), "\(found.1.recalled)")
      }
      // Nobody asked what they are made of.
      #expect(try Self.scan([mixed], cache: cache, hashes: false).0.allSatisfy { $0.content == nil })
    }
  }

  @Test(
    "Without a model too, and with evaluations, on any number of threads", arguments: [0, 4])
  func byOneAnother(evaluations: Int) throws {
    try FolderScanTests.folder(discs: 40, odd: 1) { folder in
      try FileManager.default.copyItem(atPath: "\(folder)/odd-0.png", toPath: "\(folder)/z.png")
      let place = FileManager.default.temporaryDirectory.path + "/surprisal-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: place) }
      let cache = try ResultCache(folder: FilePath(place))
      let plain = try Self.folder([folder, "\(folder)/z.png"], cache: nil, evaluations: evaluations)
      for (threads, recalled) in [(2, 0...1), (1, 43...43), (2, 43...43)] {
        let found = try Self.folder(
          [folder, "\(folder)/z.png"], cache: cache, evaluations: evaluations, threads: threads)
        #expect(found.0 == plain.0)
        #expect(recalled.contains(found.1.summary.recalled), "\(found.1.summary.recalled)")
        #expect(found.1.troubles == plain.1.troubles && found.1.exactCopies == plain.1.exactCopies)
        #expect(found.1.ordinary == plain.1.ordinary)
        #expect(found.1.summary.meanBitsPerDim == plain.1.summary.meanBitsPerDim)
      }
      // One more image: the others are known, all are judged anew.
      try Discs.write(Discs.discs(1, seed: 99)[0], to: "\(folder)/new.png")
      let more = try Self.folder([folder], cache: cache, evaluations: evaluations)
      #expect(more.1.summary.recalled == 43)
      #expect(more.0 == (try Self.folder([folder], cache: nil, evaluations: evaluations).0))
      // By another rule, of the same looks.
      var scan = FolderScan()
      scan.rule = .falsePositiveRate(0.2)
      scan.hashesContent = true
      scan.budget = .fixed(evaluations)
      if evaluations > 0 { scan.statistic = .profile }
      let strict = try FolderScanTests.run(scan, [folder])
      scan.cache = cache
      #expect(try FolderScanTests.run(scan, [folder]).records == strict.records)
    }
  }

  @Test("What was moved or copied is known by what it holds, what was changed is looked at")
  func changes() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      _ = try Self.scan([mixed], cache: cache)
      try FileManager.default.moveItem(atPath: "\(mixed)/1.png", toPath: "\(mixed)/moved.png")
      try FileManager.default.copyItem(atPath: "\(mixed)/2.png", toPath: "\(mixed)/copied.png")
      // Another image of as many bytes under an old name, at the old time.
      let file = URL(fileURLWithPath: "\(mixed)/3.png")
      let old = try FileManager.default.attributesOfItem(atPath: file.path)
      try Discs.checks.png().write(to: file)
      try FileManager.default.setAttributes(
        [.modificationDate: old[.modificationDate] as? Date ?? Date()], ofItemAtPath: file.path)
      let found = try Self.scan([mixed], cache: cache)
      #expect(found.0 == (try Self.scan([mixed], cache: nil).0))
      // All but none: what the changed file shows was known of another.
      #expect(found.1.recalled == 12 && found.1.scored == 11)
      try Discs.write(Discs.discs(1, seed: 123)[0], to: file.path)
      let changed = try Self.scan([mixed], cache: cache)
      #expect(changed.1.recalled == 11)
      #expect(changed.0 == (try Self.scan([mixed], cache: nil).0))
    }
  }

  @Test("An image in an IDX file is not taken for a file of the same bytes, nor for one arranged otherwise")
  func arrangements() throws {
    try Discs.withFolder { folder in
      let cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      let disc = Discs.discs(1, seed: 3)
      for (name, sides) in [("square-ubyte", [16, 16]), ("flat-ubyte", [8, 32])] {
        let head = Data([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, UInt8(sides[0]), 0, 0, 0, UInt8(sides[1])])
        try (head + disc.pixels).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      try Data(disc.pixels).write(to: URL(fileURLWithPath: "\(folder)/file.png"))
      let paths = ["square-ubyte", "flat-ubyte", "file.png"].map { "\(folder)/\($0)" }
      for path in paths {
        #expect(try Self.scan([path], cache: cache).0 == (try Self.scan([path], cache: nil).0), "\(path)")
      }
      #expect(try Set(Self.scan(paths, cache: cache).0.map(\.content)).count == 1)
    }
  }

  @Test("A limit of memory or rights that a machine has today is kept of no file")
  func lasting() {
    #expect(!ImageError.cannotRead("Permission denied").isLasting)
    #expect(!ImageError.tooLarge("PNG: not enough memory for 5 x 5 pixels").isLasting)
    #expect(ImageError.corrupt("PNG: unexpected end of file").isLasting && ImageError.unrecognised.isLasting)
  }

  @Test("A folder's scan that is stopped judges those that it has, or says that they are too few")
  func stopped() throws {
    try FolderScanTests.folder(discs: 80, odd: 0) { folder in
      func run(stoppingAfter batches: Int) throws -> FolderScan.Outcome {
        var asked = 0
        return try FolderScan().run(
          [FilePath(folder)], by: Discs.model(), compute: Discs.compute,
          shouldStop: {
            asked += 1
            return asked > batches
          }
        ) { _ in }
      }
      let outcome = try run(stoppingAfter: 2)
      #expect(!outcome.summary.isComplete && outcome.summary.scored == 63 && outcome.summary.unreadable == 1)
      #expect(throws: CalibrationError.self) { try run(stoppingAfter: 0) }
      #expect(try run(stoppingAfter: 99).summary.isComplete)
    }
  }

  @Test("A gate that is stopped cannot decide")
  func gate() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let outcome = try Gate(Policy()).run(
        [mixed], under: Discs.model(), compute: Discs.compute, shouldStop: { true }
      ) { _ in }
      #expect(outcome.decision == .undecided(.interrupted(after: 0)))
    }
  }
}
