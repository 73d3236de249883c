import Files
import Foundation
import GRDB
import Synchronization

/// What was found out of contents before, kept from run to run: a file that has not changed need not be opened, and one that was
/// moved or copied need not be looked at again.
///
/// It maps the state of a file (path, device, inode, size, times) to what the file holds, by a hash; and that, under a fingerprint
/// of all that a result depends on, to the result. Nothing that it does can fail a run: what is wrong with it is reported once, and
/// the run goes on without it. Several processes may use one folder at once. What is handed to it is kept some hundreds at a time;
/// a process that is killed loses those of the last second at most.
public final class ResultCache: Sendable {
  /// Bytes that it may hold unless asked otherwise.
  public static let standardLimit = 1 << 30

  /// The file, in the folder that was named.
  public let path: String
  public let limit: Int

  private let wait: Double
  /// Seconds since 1970.
  private let clock: @Sendable () -> Int64
  private let report: @Sendable (String) -> Void
  private let state: Mutex<State>

  private struct State {
    /// Nil where it is not used any more.
    var file: CacheFile?
    /// Whether anything can be kept.
    var takesMore = true
    var hasBegunAnew = false
    var waiting = Waiting()
    /// Rows written since the size was looked at.
    var unmeasured = 0
  }

  /// As many are written at once.
  private static let together = 512
  /// How often the file's size is looked at: each time that so many have been kept.
  private static let measured = 2048

  static let fileName = "results.sqlite"

  /// Opens the cache in a folder, and makes both where they are not there. A damaged file is set aside.
  ///
  /// - Parameters:
  ///   - limit: bytes that it may hold; what was used least lately goes.
  ///   - report: told, in a sentence, what is wrong with it; from any thread.
  /// - Throws: `CacheError` where it cannot be used.
  public convenience init(
    folder: FilePath, limit: Int = standardLimit, report: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(CacheError) {
    try self.init(folder: folder, limit: limit, wait: 5, clock: { Int64(time(nil)) }, report: report)
  }

  init(
    folder: FilePath, limit: Int, wait: Double, clock: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (String) -> Void
  ) throws(CacheError) {
    path = try Self.place(folder)
    self.limit = limit
    self.wait = wait
    self.clock = clock
    self.report = report
    var state = State()
    let found = FilePath(path).stamp?.identity
    do throws(CacheError) { state.file = try CacheFile(path: path, wait: wait) } catch {
      guard case .damaged = error else { throw error }
      Self.setAside(path, found, error, report)
      state.hasBegunAnew = true
      state.file = try CacheFile(path: path, wait: wait)
    }
    self.state = Mutex(state)
  }

  private static func place(_ folder: FilePath) throws(CacheError) -> String {
    let name = "\(folder)"
    guard folder.isText, !folder.bytes.contains(0) else {
      throw .unusable(path: name, reason: "SQLite takes names that are text alone")
    }
    do {
      // For its owner alone, as the XDG base directory specification has it: it tells which files there are.
      try FileManager.default.createDirectory(
        atPath: name, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw .unusable(path: name, reason: "cannot make the folder: \(Self.reason(error))") }
    return "\(name)/\(fileName)"
  }

  private static func reason(_ error: any Error) -> String {
    let inner = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    guard let inner, inner.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
    return String(cString: strerror(Int32(inner.code)))
  }

  deinit { flush() }

  // MARK: What is known

  /// What a file held, and under a fingerprint what was made of it.
  package struct Known: Sendable {
    package let content: Data
    package let value: Data?
  }

  /// Nil where the file has changed, or was never met.
  package func find(_ key: CacheKey, _ stamp: FileStamp, under fingerprint: String) -> Known? {
    look { file, db, used in
      guard let (content, last) = try file.content(of: key.bytes, stamp, db) else { return nil }
      if last < hour { used.usedFiles.append(key) }
      return Known(content: content, value: try value(of: content, under: fingerprint, file, db, &used))
    }
  }

  /// What was made of a content.
  package func value(of content: Data, under fingerprint: String) -> Data? {
    look { file, db, used in try value(of: content, under: fingerprint, file, db, &used) }
  }

  private func value(
    of content: Data, under fingerprint: String, _ file: CacheFile, _ db: Database, _ used: inout Waiting
  ) throws -> Data? {
    guard let (value, last) = try file.value(of: content, under: fingerprint, db) else { return nil }
    if last < hour { used.usedResults.append((fingerprint, content)) }
    return value
  }

  private var hour: Int64 { clock() / 3600 }

  private func look<T: Sendable>(_ body: (CacheFile, Database, inout Waiting) throws -> T?) -> T? {
    state.withLock { state in
      guard let file = state.file else { return nil }
      do throws(CacheError) {
        var used = Waiting()
        let found = try file.read { try body(file, $0, &used) }
        if used.count > 0 { keep(&state) { $0.add(used) } }
        return found
      } catch {
        fail(error, &state)
        return nil
      }
    }
  }

  // MARK: What is to be known

  /// Keeps what a file holds. One that was changed just now is not known again by its state.
  package func note(_ key: CacheKey, _ stamp: FileStamp, holds content: Data) {
    guard stamp.isSettled else { return }
    keep { $0.files.append((key, stamp, content)) }
  }

  /// Keeps what was made of a content.
  package func keep(_ value: Data, of content: Data, under fingerprint: String) {
    keep { $0.results.append((fingerprint, content, value)) }
  }

  /// Writes what waits.
  public func flush() { state.withLock { write(&$0) } }

  private func keep(_ add: (inout Waiting) -> Void) { state.withLock { keep(&$0, add) } }

  private func keep(_ state: inout State, _ add: (inout Waiting) -> Void) {
    guard state.file != nil, state.takesMore else { return }
    let now = clock()
    add(&state.waiting)
    let since = state.waiting.since ?? now
    state.waiting.since = since
    if state.waiting.count >= Self.together || now > since { write(&state) }
  }

  private func write(_ state: inout State) {
    guard let file = state.file, state.waiting.count > 0 else { return }
    let (waiting, hour) = (state.waiting, hour)
    state.waiting = Waiting()
    state.unmeasured += waiting.count
    let measures = state.unmeasured >= Self.measured
    if measures { state.unmeasured = 0 }
    do throws(CacheError) {
      try file.write { db in
        try waiting.write(to: file, db, hour: hour)
        // Some room below, so that this is not each time.
        if measures, try file.size(db) > limit { try file.shrink(to: limit / 10 * 9, db) }
      }
    } catch { fail(error, &state, isWriting: true) }
  }

  // MARK: What is wrong

  /// Goes on without the file; in place of a damaged one with a new one. Where only writing failed, as on a full disk, what
  /// was kept before is still read.
  private func fail(_ error: CacheError, _ state: inout State, isWriting: Bool = false) {
    state.waiting = Waiting()
    if case .damaged = error, !state.hasBegunAnew {
      Self.setAside(path, state.file?.identity, error, report)
      state = State(file: try? CacheFile(path: path, wait: wait), hasBegunAnew: true)
      return
    }
    if !isWriting { state.file = nil }
    // Once is enough.
    if state.takesMore {
      report("cache: \(error): " + (isWriting ? "nothing more is kept" : "going on without it"))
    }
    state.takesMore = false
  }

  /// Moves a damaged file out of the way; one that another process has put in its place stays.
  private static func setAside(
    _ path: String, _ damaged: FileIdentity?, _ error: CacheError, _ report: (String) -> Void
  ) {
    guard FilePath(path).stamp?.identity == damaged else { return }
    let aside = path + ".damaged"
    for suffix in ["", "-wal"] { rename(path + suffix, aside + suffix) }
    unlink(path + "-shm")
    report("cache: \(error): set aside as \(aside), and begun anew")
  }

  // MARK: Upkeep

  /// - Throws: `CacheError`, also where it was found unusable before.
  func use<T>(_ body: (CacheFile) throws(CacheError) -> T) throws(CacheError) -> T {
    flush()
    guard let file = state.withLock({ $0.file }) else {
      throw .unusable(path: path, reason: "was found unusable")
    }
    return try body(file)
  }
}
