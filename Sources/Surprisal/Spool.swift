import Files
import Foundation
import Reports

/// Records that wait on disk until all p-values are known, in an unnamed temporary file that is gone when the process is.
final class Spool {
  /// A record and where it sorts.
  struct Item {
    var record: Record
    /// `AdaptiveCalibration.Position.order`, or (0, score); nil for an unreadable image.
    let order: (Int, Double)?
  }

  struct Entry {
    let offset: Int
    let length: Int
  }

  private let handle: FileHandle
  /// For errors.
  private let name: String
  private var end = 0

  init() throws {
    name =
      FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)").path
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SurprisalError.cannotWrite(path: name, reason: String(cString: strerror(errno)))
    }
    unlink(name)
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func append(_ item: Item) throws -> Entry {
    var packer = Packer()
    packer.add(item.record.file.bytes)
    packer.add(item.record.content)
    packer.add(item.record.part) {
      $0.add($1.place)
      $0.add($1.identity)
    }
    item.pack(&packer)
    let failure = packer.bytes.withUnsafeBytes { writeAll($0, to: handle.fileDescriptor, at: end) }
    if let failure { throw SurprisalError.cannotWrite(path: name, reason: "\(failure)") }
    defer { end += packer.bytes.count }
    return Entry(offset: end, length: packer.bytes.count)
  }

  func read(_ entry: Entry) throws -> Item {
    try handle.seek(toOffset: UInt64(entry.offset))
    var unpacker = Unpacker(try handle.read(upToCount: entry.length) ?? Data())
    do throws(Unpacker.Cut) {
      let file = FilePath(bytes: try unpacker.take([UInt8].self))
      let content = try unpacker.takeIfThere(String.self)
      let part = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in
        (try unpacker.take(Int.self), try unpacker.takeIfThere(String.self))
      }
      var item = try Item(file: file, &unpacker)
      item.record.content = content
      item.record.part = part.map { item.part($0, $1) }
      return item
    } catch { throw SurprisalError.cannotRead(path: name, what: "the records that wait there") }
  }
}

extension Spool.Item {
  /// What the record is put together with others by.
  func part(_ place: Int, _ identity: String?) -> Part {
    Part(place: place, identity: identity, order: order.map { Part.Order(stage: $0.0, score: $0.1) })
  }

  /// All but where the image lies.
  func pack(_ packer: inout Packer) {
    packer.add(order) { packer, order in
      packer.add(order.0)
      packer.add(order.1)
    }
    record.pack(&packer)
  }

  init(file: FilePath, _ unpacker: inout Unpacker) throws(Unpacker.Cut) {
    order = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in
      (try unpacker.take(Int.self), try unpacker.take(Double.self))
    }
    record = try Record(file: file, &unpacker)
  }
}
