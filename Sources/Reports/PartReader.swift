import Files
import Foundation

/// Why a file of records cannot be put together with others.
public enum PartError: Error, Sendable, Equatable, CustomStringConvertible {
  case cannotRead(path: String, reason: String)
  /// No line about its run.
  case noPart(path: String)
  case newer(path: String, version: Int)
  /// - Parameter record: counted from 1, the line about the run apart.
  case damaged(path: String, record: Int, reason: String)
  /// - Parameter promised: by the line about the run.
  case cut(path: String, promised: Int, found: Int)

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason): "\(path): \(reason)"
    case .noPart(let path):
      "\(path): does not begin with a line about its run: write it with surprisal scan --part or --shard, as jsonl or csv"
    case .newer(let path, let version): "\(path): of a newer version (parts' version \(version))"
    case .damaged(let path, let record, let reason): "\(path): record \(record): \(reason)"
    case .cut(let path, let promised, let found):
      "\(path): holds \(found) records, and promises \(promised): it was cut, or changed"
    }
  }
}

/// Reads a file of records that is part of a whole, JSON Lines or CSV, one record at a time.
public final class PartReader {
  public let path: FilePath
  /// What it says of its run.
  public let facts: PartFacts

  private var feed: ByteFeed
  /// Nil for JSON Lines.
  private let columns: PartColumns?
  private var found = 0

  /// Opens it, and reads what it says of its run.
  /// - Throws: `PartError`.
  public init(_ path: FilePath) throws(PartError) {
    self.path = path
    feed = try ByteFeed(path)
    let first = try feed.peek()
    let run: PartFacts?
    if first == UInt8(ascii: "{") {
      columns = nil
      run = PartLine(try feed.line())?.run
    } else {
      columns = PartColumns(try feed.row() ?? [])
      run = columns?.run(try feed.row() ?? [])
    }
    guard let run else { throw .noPart(path: "\(path)") }
    guard run.version <= PartFacts.version else { throw .newer(path: "\(path)", version: run.version) }
    facts = run
  }

  /// The next record, with its `Record.part`; nil at the end.
  /// - Throws: `PartError`, also where there are fewer or more than promised.
  public func next() throws(PartError) -> Record? {
    let record: Record?
    if let columns {
      guard let row = try feed.row() else { return try end() }
      record = columns.record(row)
    } else {
      let line = try feed.line()
      guard !line.isEmpty else { return try end() }
      record = PartLine(line)?.record
    }
    found += 1
    guard let record, record.part != nil else {
      throw .damaged(path: "\(path)", record: found, reason: "is none that scan --part writes")
    }
    return record
  }

  private func end() throws(PartError) -> Record? {
    guard found == facts.records else {
      throw .cut(path: "\(path)", promised: facts.records, found: found)
    }
    return nil
  }
}

/// Bytes of a file, as lines or as rows of cells.
private struct ByteFeed {
  private let path: String
  private let file: Descriptor
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)
  private var at = 0
  private var filled = 0

  init(_ path: FilePath) throws(PartError) {
    self.path = "\(path)"
    do throws(SystemError) { file = try path.open(O_RDONLY) } catch {
      throw .cannotRead(path: "\(path)", reason: "\(error)")
    }
  }

  /// Whether there is more in the buffer, filled anew where it was used up.
  private mutating func fill() throws(PartError) -> Bool {
    guard at == filled else { return true }
    at = 0
    do {
      filled = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
    } catch { throw .cannotRead(path: path, reason: "\(error)") }
    return filled > 0
  }

  /// The next byte, which stays.
  mutating func peek() throws(PartError) -> UInt8? { try fill() ? buffer[at] : nil }

  /// The next line that is not empty, without its end; empty at the end of all.
  mutating func line() throws(PartError) -> Data {
    var line = Data()
    while try fill() {
      let end = buffer[at..<filled].firstIndex(of: UInt8(ascii: "\n"))
      line += buffer[at..<(end ?? filled)]
      at = end.map { $0 + 1 } ?? filled
      if line.last == UInt8(ascii: "\r"), end != nil { line.removeLast() }
      if end != nil, !line.isEmpty { break }
    }
    return line
  }

  /// The cells of the next row (RFC 4180); nil at the end of all.
  mutating func row() throws(PartError) -> [String]? {
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var isEmpty = true
    while try fill() {
      let byte = buffer[at]
      at += 1
      isEmpty = false
      switch byte {
      case UInt8(ascii: "\"") where isQuoted:
        if try peek() == UInt8(ascii: "\"") {
          at += 1
          cell.append(byte)
        } else {
          isQuoted = false
        }
      case UInt8(ascii: "\"") where cell.isEmpty: isQuoted = true
      case UInt8(ascii: ",") where !isQuoted:
        cells.append(String(decoding: cell, as: UTF8.self))
        cell = []
      case UInt8(ascii: "\n") where !isQuoted:
        if cell.last == UInt8(ascii: "\r") { cell.removeLast() }
        return cells + [String(decoding: cell, as: UTF8.self)]
      default: cell.append(byte)
      }
    }
    return isEmpty ? nil : cells + [String(decoding: cell, as: UTF8.self)]
  }
}
