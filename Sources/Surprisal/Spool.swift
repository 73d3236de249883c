import Files
import Foundation
import Reports

/// Records that wait on disk until all p-values are known, in the order of their images.
///
/// In an unnamed temporary file, or in a named one that outlives an interruption: a line of JSON a record, after a line
/// that says which scan it is of.
final class Spool {
  /// A record and where it sorts.
  struct Item: Codable {
    let record: Record
    /// `AdaptiveCalibration.Position.order`, or (0, score); nil for an unreadable image.
    let exit: Int?
    let score: Double?

    var order: (Int, Double)? { exit.map { ($0, score ?? .infinity) } }
  }

  struct Entry {
    let offset: UInt64
    let length: Int
  }

  private let handle: FileHandle
  /// For errors.
  private let name: String
  private var end: UInt64 = 0

  /// - Parameters:
  ///   - path: nil for a file without a name, gone when the process is.
  ///   - scan: what the records depend on; a file of another scan is begun anew.
  ///   - recorded: told each item of an interrupted scan.
  init(path: String?, scan: String, recorded: (Entry, Item) -> Void) throws {
    name =
      path
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)").path
    let descriptor = open(name, O_RDWR | O_CREAT | (path == nil ? O_EXCL : 0), 0o600)
    guard descriptor >= 0 else {
      throw SurprisalError.cannotWrite(path: name, reason: String(cString: strerror(errno)))
    }
    if path == nil { unlink(name) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    if path != nil, try restore(scan, recorded) { return }
    try handle.truncate(atOffset: 0)
    end = 0
    _ = try write(Data((scan + "\n").utf8))
  }

  /// Reads whole lines, a part of the file at a time, and drops what an interruption cut.
  private func restore(_ scan: String, _ recorded: (Entry, Item) -> Void) throws -> Bool {
    var rest = Data()
    var isFirst = true
    reading: while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
      rest += part
      while let mark = rest.firstIndex(of: 10) {
        let line = rest[rest.startIndex..<mark]
        let length = line.count + 1
        if isFirst {
          guard String(decoding: line, as: UTF8.self) == scan else { return false }
          isFirst = false
        } else {
          guard let item = try? JSONDecoder().decode(Item.self, from: Data(line)) else { break reading }
          recorded(Entry(offset: end, length: length), item)
        }
        end += UInt64(length)
        rest.removeSubrange(rest.startIndex...mark)
      }
    }
    guard !isFirst else { return false }
    try handle.truncate(atOffset: end)
    return true
  }

  private func write(_ bytes: Data) throws -> Entry {
    let failure = bytes.withUnsafeBytes { writeAll($0, to: handle.fileDescriptor, at: Int(end)) }
    if let failure { throw SurprisalError.cannotWrite(path: name, reason: "\(failure)") }
    defer { end += UInt64(bytes.count) }
    return Entry(offset: end, length: bytes.count)
  }

  func append(_ item: Item) throws -> Entry { try write(try JSONEncoder().encode(item) + Data([10])) }

  func read(_ entry: Entry) throws -> Item {
    try handle.seek(toOffset: entry.offset)
    return try JSONDecoder().decode(Item.self, from: try handle.read(upToCount: entry.length) ?? Data())
  }
}
