import Files
import Foundation
import GRDB
import Testing

@testable import Cache

/// What can be wrong with a cache: nothing of it may come to a wrong result, or to an end.
struct TroubleTests {
  /// A cache with some results and files, closed again.
  private static func filled(_ folder: String, count: Int = 200) throws -> String {
    let cache = try ResultCache.scratch(folder)
    try write("file", to: "\(folder)/file")
    for number in 0..<count {
      cache.keep(value(number), of: content(number), under: "one")
      cache.note(
        CacheKey(FilePath("\(folder)/file"), index: number), try settled("\(folder)/file"),
        holds: content(number))
    }
    cache.flush()
    return cache.path
  }

  private static func value(_ number: Int) -> Data {
    Data("value \(number) ".utf8) + Data(repeating: UInt8(number % 251), count: 300)
  }

  @Test(
    "A file that is no database is set aside, and a new one begun", arguments: ["no database at all", ""])
  func noDatabase(text: String) throws {
    try withFolder { folder in
      try write(text, to: "\(folder)/results.sqlite")
      let reports = Reports()
      let cache = try ResultCache.scratch(folder, reports: reports)
      cache.keep(Data("x".utf8), of: content(1), under: "one")
      cache.flush()
      #expect(cache.value(of: content(1), under: "one") == Data("x".utf8))
      // An empty file is a database without tables.
      #expect(reports.sentences.count == (text.isEmpty ? 0 : 1))
      if !text.isEmpty {
        let aside = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/results.sqlite.damaged"))
        #expect(aside == Data(text.utf8))
      }
    }
  }

  @Test(
    "Whatever bytes of it are damaged, what it gives is what was kept or nothing; and it is used again",
    arguments: 0..<60)
  func damage(seed: Int) throws {
    try withFolder { folder in
      let path = try Self.filled(folder)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      var random = Numbers(state: UInt64(seed))
      switch seed % 4 {
      case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      case 1:
        // A page of nothing.
        let page = Int.random(in: 1..<bytes.count / 4096, using: &random)
        bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(count: 4096))
      default:
        for _ in 0..<(seed % 4 == 2 ? 1 : 200) {
          bytes[Int.random(in: 100..<bytes.count, using: &random)] ^= UInt8.random(
            in: 1...255, using: &random)
        }
      }
      try bytes.write(to: URL(fileURLWithPath: path))
      let reports = Reports()
      guard let cache = try? ResultCache.scratch(folder, reports: reports) else { return }
      let stamp = try settled("\(folder)/file")
      for number in 0..<200 {
        let found = cache.value(of: content(number), under: "one")
        #expect(found == nil || found == Self.value(number), "\(number)")
        let known = cache.find(CacheKey(FilePath("\(folder)/file"), index: number), stamp, under: "one")
        #expect(known == nil || known?.content == content(number), "\(number)")
        #expect(known?.value == nil || known?.value == Self.value(number), "\(number)")
      }
      for number in 0..<300 { cache.keep(Self.value(number), of: content(number), under: "one") }
      cache.flush()
      #expect(reports.sentences.count <= 2, "\(reports.sentences)")
      // By the next run at the latest all is well.
      let next = try ResultCache.scratch(folder, reports: reports)
      for number in 0..<200 {
        let found = next.value(of: content(number), under: "one")
        #expect(found == nil || found == Self.value(number), "\(number)")
      }
    }
  }

  @Test("One of a newer version is left as it is, and so is a database of something else")
  func others() throws {
    try withFolder { folder in
      let path = try Self.filled(folder)
      let queue = try DatabaseQueue(path: path)
      try queue.inDatabase { try $0.execute(sql: "PRAGMA user_version = 99") }
      try queue.close()
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let newer = #expect(throws: CacheError.self) { try ResultCache.scratch(folder) }
      guard case .newer(_, version: 99) = newer else {
        Issue.record("\(String(describing: newer))")
        return
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      try ResultCache.clear(folder: FilePath(folder))
      #expect(try ResultCache.scratch(folder).facts().results == 0)
    }
    try withFolder { folder in
      let queue = try DatabaseQueue(path: "\(folder)/results.sqlite")
      try queue.inDatabase { try $0.execute(sql: "CREATE TABLE mine (x)") }
      try queue.close()
      let foreign = #expect(throws: CacheError.self) { try ResultCache.scratch(folder) }
      guard case .foreign = foreign else {
        Issue.record("\(String(describing: foreign))")
        return
      }
      #expect(throws: CacheError.self) { try ResultCache.clear(folder: FilePath(folder)) }
    }
  }

  @Test("A lock that another holds, and goes on holding, is told once; what is there is still read")
  func locked() throws {
    try withFolder { folder in
      _ = try Self.filled(folder)
      let reports = Reports()
      let cache = try ResultCache.scratch(folder, reports: reports)
      let other = try DatabaseQueue(path: cache.path)
      try other.inDatabase { db in
        try db.execute(sql: "BEGIN IMMEDIATE")
        for number in 1000..<3000 { cache.keep(Self.value(number), of: content(number), under: "one") }
        cache.flush()
        try db.execute(sql: "ROLLBACK")
      }
      #expect(reports.sentences.count == 1 && reports.sentences[0].contains("locked"), "\(reports.sentences)")
      #expect(cache.value(of: content(7), under: "one") == Self.value(7))
    }
  }

  @Test("A folder that cannot be made or written to is refused with the reason")
  func folders() throws {
    try withFolder { folder in
      try write("no folder", to: "\(folder)/file")
      let error = #expect(throws: CacheError.self) { try ResultCache.scratch("\(folder)/file/cache") }
      guard case .unusable(let path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(path == "\(folder)/file/cache")
      #expect(throws: CacheError.self) { try ResultCache.scratch("\(folder)/\0") }
    }
  }

  /// Numbers that are the same each time (SplitMix64).
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
}
