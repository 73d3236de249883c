import Diffusion
import Files
import Foundation
import Images
import Reports
import Testing

@testable import Surprisal

struct PackingTests {
  /// One with something in every field that an image's content decides.
  static var full: Record {
    var record = Record(file: FilePath(bytes: [0x61, 0xFF]))
    record.bitsPerDim = 2.5.nextUp
    record.standardError = .leastNonzeroMagnitude
    record.evaluations = 16
    record.statistic = "combined"
    record.score = -.infinity
    record.pValue = 0.1
    record.tailPValue = 1e-300
    record.reason = "odd\n\u{202E}\0"
    record.profile = [
      .init(sigma: 0.1, bitsPerDim: 0.2, z: 0.3), .init(sigma: -0.0, bitsPerDim: .infinity, z: 1 / 3),
    ]
    record.width = 1
    record.height = Int.max
    record.format = "PNG"
    record.warning = ""
    record.known = "trained"
    record.troubles = [.init(name: "dark", pValue: 0.25, reason: "r", isNamed: true)]
    record.relativeTo = "folder"
    record.tiles = 12
    return record
  }

  @Test("A record comes back to the bit, and no field is forgotten")
  func record() throws {
    // What is said of a path, or when all p-values are known.
    let others: Set = [
      "file", "error", "outlier", "copyOf", "nearest", "content", "pictures", "accepted", "part",
    ]
    for child in Mirror(reflecting: Self.full).children where !others.contains(child.label ?? "") {
      let isNil =
        Mirror(reflecting: child.value).displayStyle == .optional
        && Mirror(reflecting: child.value).children.isEmpty
      #expect(!isNil, "\(child.label ?? ""): a new field: pack it, and fill it here")
    }
    for record in [Self.full, Record(file: FilePath("a"), error: "why"), Record(file: FilePath("b"))] {
      var packer = Packer()
      record.pack(&packer)
      var unpacker = Unpacker(packer.data)
      #expect(try Record(file: record.file, &unpacker) == record)
      // Cut anywhere, it is none.
      for length in stride(from: 0, to: packer.bytes.count, by: 7) {
        var cut = Unpacker(packer.data.prefix(length))
        #expect(throws: Unpacker.Cut.self) { try Record(file: record.file, &cut) }
      }
    }
  }

  @Test("What was seen of an image comes back to the bit, whatever was observed")
  func look() throws {
    let images = Discs.discs(1, seed: 4)
    for evaluations in [0, 4] {
      let scorer = try Scorer(Discs.model(), evaluations: evaluations, compute: Discs.compute)
      var batch = ImageBatch(shape: Discs.shape)
      batch.append(images[0], measures: Measures(of: images[0]))
      var look = Look()
      look.origin = ImageOrigin(format: "PNG", width: 3, height: 4)
      look.warning = "cut"
      look.measures = Measures(of: images[0])
      look.bitmap = images[0]
      look.estimate = try scorer.estimate(batch)[0]
      var packer = Packer()
      look.pack(&packer)
      var unpacker = Unpacker(packer.data)
      let back = try Look(&unpacker)
      #expect(back.estimate == look.estimate && back.bitmap == look.bitmap && back.measures == look.measures)
      #expect(back.origin == look.origin && back.warning == "cut" && back.error == nil)
      if evaluations > 0 { #expect(look.estimate?.breakdown != nil && look.estimate?.appearance != nil) }
    }
  }

  @Test("Records that wait on disk come back with their paths and places in the order")
  func spool() throws {
    let spool = try Spool()
    var record = Self.full
    record.content = "abc"
    let entries = try [(0, 1.5), (3, -.infinity)].map {
      try spool.append(Spool.Item(record: record, order: $0))
    }
    let unreadable = try spool.append(Spool.Item(record: Record(file: FilePath("x"), error: "e"), order: nil))
    #expect(try spool.read(entries[1]).record == record && spool.read(entries[0]).order ?? (9, 9) == (0, 1.5))
    #expect(try spool.read(unreadable).order == nil)
  }
}
