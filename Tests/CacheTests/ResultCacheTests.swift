import Files
import Foundation
import GRDB
import Testing

@testable import Cache

struct ResultCacheTests {
  @Test(
    "What was kept is found by content and fingerprint, in this process and in the next, and under no other fingerprint"
  )
  func results() throws {
    try withFolder { folder in
      let cache = try ResultCache.scratch(folder)
      cache.keep(Data("a".utf8), of: content(1), under: "one")
      cache.keep(Data("b".utf8), of: content(1), under: "two")
      cache.keep(Data(), of: content(2), under: "one")
      cache.flush()
      for cache in [cache, try ResultCache.scratch(folder)] {
        #expect(cache.value(of: content(1), under: "one") == Data("a".utf8))
        #expect(cache.value(of: content(1), under: "two") == Data("b".utf8))
        #expect(cache.value(of: content(2), under: "one") == Data())
        #expect(
          cache.value(of: content(2), under: "two") == nil && cache.value(of: content(3), under: "one") == nil
        )
      }
      // What is kept anew replaces what was.
      cache.keep(Data("c".utf8), of: content(1), under: "one")
      cache.flush()
      #expect(cache.value(of: content(1), under: "one") == Data("c".utf8))
      #expect(try cache.facts().results == 3)
    }
  }

  @Test(
    "A file is known by its state: written to, replaced, moved or touched it is another; by any path that names it the same"
  )
  func files() throws {
    try withFolder { folder in
      let path = "\(folder)/a"
      try write("first", to: path)
      let cache = try ResultCache.scratch("\(folder)/cache")
      let key = CacheKey(FilePath(path))
      cache.note(key, try settled(path), holds: content(1))
      cache.note(CacheKey(FilePath(path), index: 7), try settled(path), holds: content(7))
      cache.keep(Data("value".utf8), of: content(1), under: "one")
      cache.flush()
      let known = try #require(cache.find(key, try settled(path), under: "one"))
      #expect(known.content == content(1) && known.value == Data("value".utf8))
      #expect(cache.find(key, try settled(path), under: "two")?.value == nil)
      #expect(cache.find(CacheKey(FilePath("\(folder)//./a")), try settled(path), under: "one") != nil)
      #expect(
        cache.find(CacheKey(FilePath(path), index: 7), try settled(path), under: "one")?.content == content(7)
      )
      #expect(cache.find(CacheKey(FilePath(path), index: 8), try settled(path), under: "one") == nil)
      // The same file under another name, and another file under this one.
      try FileManager.default.linkItem(atPath: path, toPath: "\(folder)/b")
      #expect(cache.find(CacheKey(FilePath("\(folder)/b")), try settled("\(folder)/b"), under: "one") == nil)
      try FileManager.default.removeItem(atPath: path)
      try write("first", to: path)
      #expect(cache.find(key, try settled(path), under: "one") == nil)
    }
  }

  @Test("A file that was changed just now is not known by its state, as it may change again unseen")
  func unsettled() throws {
    try withFolder { folder in
      let path = "\(folder)/a"
      try write("first", to: path)
      let cache = try ResultCache.scratch("\(folder)/cache")
      let now = try #require(FilePath(path).stamp)
      cache.note(CacheKey(FilePath(path)), now, holds: content(1))
      cache.flush()
      #expect(!now.isSettled && cache.find(CacheKey(FilePath(path)), now, under: "one") == nil)
      let later = try FileStamp(taken: now.modified + 2_000_000_001) { () throws(SystemError) in
        try FilePath(path).status()
      }
      #expect(later.isSettled && later == now)
    }
  }

  @Test("Beyond its limit what was used least lately goes, and the rest stays")
  func limit() throws {
    try withFolder { folder in
      let clock = Clock()
      let limit = 2_000_000
      let cache = try ResultCache.scratch(folder, limit: limit, clock: clock)
      let value = Data(repeating: 7, count: 1000)
      for number in 0..<1000 { cache.keep(value, of: content(number), under: "old") }
      cache.flush()
      clock.advance(7200)
      // The first hundred are used again.
      for number in 0..<100 { #expect(cache.value(of: content(number), under: "old") == value) }
      clock.advance(7200)
      for number in 0..<3000 { cache.keep(value, of: content(number), under: "new") }
      cache.flush()
      _ = try cache.prune()
      #expect(try cache.facts().bytes <= limit)
      let stay = (0..<1000).filter { cache.value(of: content($0), under: "old") != nil }
      #expect(stay.allSatisfy { $0 < 100 }, "what was used lately goes last: \(stay)")
      #expect(cache.value(of: content(2999), under: "new") == value)
      let size = try #require(try FileManager.default.attributesOfItem(atPath: cache.path)[.size] as? Int)
      #expect(size < limit + 100_000, "room is given back")
    }
  }

  @Test("Pruning drops files that are gone, clearing all")
  func upkeep() throws {
    try withFolder { folder in
      let cache = try ResultCache.scratch("\(folder)/cache")
      for name in ["a", "b"] {
        try write(name, to: "\(folder)/\(name)")
        let path = FilePath("\(folder)/\(name)")
        for index in 0..<3 {
          cache.note(CacheKey(path, index: index), try settled("\(path)"), holds: content(index))
        }
      }
      cache.keep(Data("x".utf8), of: content(0), under: "one")
      try FileManager.default.removeItem(atPath: "\(folder)/a")
      let dropped = try cache.prune()
      #expect(dropped == (3, 0))
      #expect(try cache.facts().files == 3 && cache.facts().results == 1)
      #expect(try cache.prune(to: 0).results == 1)
      cache.keep(Data("x".utf8), of: content(0), under: "one")
      cache.flush()
      try ResultCache.clear(folder: FilePath("\(folder)/cache"))
      #expect(try cache.facts().files == 0 && cache.facts().results == 0)
    }
  }

  @Test("Two at once keep all that both keep")
  func both() throws {
    try withFolder { folder in
      let pair = try [ResultCache.scratch(folder, wait: 10), ResultCache.scratch(folder, wait: 10)]
      DispatchQueue.concurrentPerform(iterations: 2) { which in
        for number in 0..<3000 {
          pair[which].keep(Data("\(which)".utf8), of: content(number + which * 2000), under: "one")
        }
        pair[which].flush()
      }
      for number in 0..<5000 {
        let value = pair[0].value(of: content(number), under: "one")
        #expect(value == Data("0".utf8) || value == Data("1".utf8), "\(number)")
      }
    }
  }

  @Test("Any number may begin one at once")
  func begun() throws {
    try withFolder { folder in
      let failures = Reports()
      DispatchQueue.concurrentPerform(iterations: 8) { which in
        do {
          let cache = try ResultCache.scratch(folder, wait: 10, reports: failures)
          cache.keep(Data("x".utf8), of: content(which), under: "one")
        } catch { failures.add("\(error)") }
      }
      #expect(failures.sentences.isEmpty)
      let cache = try ResultCache.scratch(folder)
      #expect(try cache.facts().results == 8)
    }
  }

  @Test("Folders of the cache are for their owner alone")
  func rights() throws {
    try withFolder { folder in
      _ = try ResultCache.scratch("\(folder)/a/b")
      let rights =
        try FileManager.default.attributesOfItem(atPath: "\(folder)/a/b")[.posixPermissions] as? Int
      #expect(rights == 0o700)
    }
  }

  @Test("What another cache holds is taken in whole, or nothing of it")
  func adds() throws {
    try withFolder { folder in
      let path = "\(folder)/a"
      try write("first", to: path)
      let other = try ResultCache.scratch("\(folder)/other")
      other.note(CacheKey(FilePath(path)), try settled(path), holds: content(1))
      other.keep(Data("a".utf8), of: content(1), under: "one")
      other.keep(Data("b".utf8), of: content(2), under: "two")
      other.flush()
      let cache = try ResultCache.scratch("\(folder)/own")
      cache.keep(Data("old".utf8), of: content(2), under: "two")
      cache.keep(Data("own".utf8), of: content(3), under: "one")
      #expect(try cache.add(FilePath(other.path)) == (1, 2))
      #expect(
        cache.find(CacheKey(FilePath(path)), try settled(path), under: "one")?.value == Data("a".utf8))
      #expect(cache.value(of: content(2), under: "two") == Data("b".utf8))
      #expect(cache.value(of: content(3), under: "one") == Data("own".utf8))
      #expect(try cache.facts().results == 3)
      // A value that is not as it was written.
      let damaged = "\(folder)/other/\(ResultCache.fileName)"
      try DatabaseQueue(path: damaged).write { db in
        try db.execute(sql: "UPDATE bytes SET value = 'x' WHERE value = ?", arguments: [Data("b".utf8)])
      }
      let empty = try ResultCache.scratch("\(folder)/empty")
      #expect(throws: CacheError.self) { try empty.add(FilePath(damaged)) }
      #expect(try empty.facts().results == 0 && empty.facts().files == 0)
      #expect(throws: CacheError.self) { try cache.add(FilePath(cache.path)) }
      #expect(throws: CacheError.self) { try cache.add(FilePath("\(folder)/none")) }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/none"))
    }
  }
}
