internal import Crypto
import Files
import Foundation
import Images
import Reports

/// Outliers of a scan in a folder of their own, to be looked through: links to them, or copies, by rank.
///
/// What was scanned stays as it is. Links are from the root, so that they hold wherever the folder is moved to; copies need
/// nothing. Names are the rank and the image's own name, `0001-odd.jpg`; an image of an IDX file is a PNG,
/// `0002-t10k-images-idx3-ubyte-17.png`. Beside them lie `index.csv` and `.surprisal-collection`, by which a
/// later collection knows what it may take away.
public struct OutlierCollection: Sendable {
  /// An image to be collected, once, however many paths lead to it.
  private struct Entry {
    let file: FilePath
    /// Which of an IDX file's images.
    let index: Int?
    let rank: Int
    let record: Record
  }

  private struct Identity: Hashable {
    let file: FileIdentity
    let index: Int?
  }

  public let folder: FilePath
  private let copies: Bool
  private let limits: ImageLimits
  private var entries: [Entry] = []
  private var seen: Set<Identity> = []

  /// Outliers that will be collected.
  public var count: Int { entries.count }

  /// Makes the folder where there is none, and looks into it: what is there stays until `write`.
  ///
  /// - Parameters:
  ///   - paths: what is scanned, in which the folder may not lie.
  ///   - copies: whether images are copied instead of linked to.
  /// - Throws: `CollectionError` where the folder holds anything but an earlier collection, lies in what is scanned, or may
  ///   not be written to.
  public init(
    in folder: FilePath, of paths: [FilePath], copies: Bool = false, reading: ImageReading = ImageReading()
  ) throws(CollectionError) {
    self.folder = folder
    self.copies = copies
    limits = reading.decoder.limits
    if let inside = Self.scanned(paths, around: folder) { throw .scanned(folder: folder, inside: inside) }
    do { try folder.makeFolders() } catch { throw .cannotUse(folder: folder, reason: error.reason) }
    _ = try opened()
    do { _ = try Destination(folder.appending("index.csv".utf8)) } catch {
      throw .cannotUse(folder: folder, reason: error.reason)
    }
  }

  /// Takes a record in its order, for the images that are outliers.
  public mutating func take(_ record: Record) {
    guard record.outlier == true else { return }
    let (file, index) = Self.place(of: record)
    if let identity = file.identity, !seen.insert(Identity(file: identity, index: index)).inserted { return }
    entries.append(Entry(file: file, index: index, rank: entries.count + 1, record: record))
  }

  /// Takes an earlier collection away and puts this one there.
  ///
  /// - Throws: `CollectionError`; `.cannotWrite` names the images that are not there when all others are.
  public func write() throws(CollectionError) {
    let (opened, own) = try opened()
    var failed: [(image: FilePath, reason: String)] = []
    do {
      for name in own { try opened.remove(name) }
      let mark = try CollectionMark(in: opened)
      let names = entries.map { Self.name($0.file, index: $0.index, rank: $0.rank, of: entries.count) }
      var open: IDXFile?
      // The images of an IDX file in their order, as it is best read.
      for place in entries.indices.sorted(by: { order(entries[$0]) < order(entries[$1]) }) {
        let entry = entries[place]
        do { try write(entry, as: names[place], in: opened, mark, &open) } catch {
          failed.append((entry.record.file, Self.reason(error)))
        }
      }
      try write(Data(index(names).utf8), as: FilePath("index.csv"), in: opened, mark)
    } catch { throw .cannotUse(folder: folder, reason: Self.reason(error)) }
    guard failed.isEmpty else { throw .cannotWrite(failed, folder: folder) }
  }

  /// The folder and what an earlier collection left there.
  private func opened() throws(CollectionError) -> (folder: OpenFolder, own: [FilePath]) {
    let opened: OpenFolder
    let contents: (own: [FilePath], foreign: FilePath?)
    do {
      opened = try OpenFolder(folder)
      contents = try CollectionMark.contents(of: opened)
    } catch { throw .cannotUse(folder: folder, reason: "\(error)") }
    if let foreign = contents.foreign { throw .notOwn(folder: folder, found: foreign) }
    return (opened, contents.own)
  }

  /// Which of `paths` a folder lies in, where a walk through it would come by, or holds images of.
  private static func scanned(_ paths: [FilePath], around folder: FilePath) -> FilePath? {
    let place = folder.resolvedAsFarAsThere
    return paths.first { path in
      guard let status = try? path.status() else { return false }
      guard status.kind == S_IFDIR else { return path.folder.resolved == place }
      guard let root = path.resolved, place != root else { return path.resolved == place }
      let above = root.appending([]).bytes
      return place.bytes.starts(with: above)
        && place.bytes.dropFirst(above.count).split(separator: UInt8(ascii: "/"))
          .allSatisfy { $0.first != UInt8(ascii: ".") }
    }
  }

  /// The file that an image lies in.
  private static func place(of record: Record) -> (file: FilePath, index: Int?) {
    let bytes = record.file.bytes
    guard record.format == "IDX", let mark = bytes.lastIndex(of: UInt8(ascii: "#")),
      let index = Int(String(decoding: bytes[(mark + 1)...], as: UTF8.self))
    else { return (record.file, nil) }
    return (FilePath(bytes: bytes[..<mark]), index)
  }

  private func order(_ entry: Entry) -> (FilePath, Int) { (entry.file, entry.index ?? 0) }

  /// The longest name that file systems take, in bytes.
  private static let longestName = 255

  /// Rank and name; of one too long for both the end of its stem is left out.
  static func name(_ file: FilePath, index: Int?, rank: Int, of count: Int) -> FilePath {
    let number = "\(rank)"
    let digits = max(4, "\(count)".count)
    var head = Array((String(repeating: "0", count: digits - number.count) + number + "-").utf8)
    var stem = Array(file.stem)
    var tail = Array(file.name.dropFirst(stem.count))
    if let index {
      if tail != Array(".gz".utf8) { stem += tail }
      tail = Array("-\(index).png".utf8)
    } else if tail.count > 32 {
      // No extension of any kind of file.
      (stem, tail) = (stem + tail, [])
    }
    let room = longestName - head.count - tail.count
    if stem.count > room {
      var end = room
      // Not within a character.
      while end > max(room - 4, 0), stem[end] & 0xC0 == 0x80 { end -= 1 }
      stem = Array(stem[..<end])
    }
    head += stem
    head += tail
    return FilePath(bytes: head)
  }

  private func write(
    _ entry: Entry, as name: FilePath, in opened: OpenFolder, _ mark: CollectionMark, _ open: inout IDXFile?
  ) throws {
    if let index = entry.index {
      let file: IDXFile
      if let open, open.path == entry.file {
        file = open
      } else {
        file = try IDXFile(path: entry.file, limits: limits)
        open = file
      }
      guard index < file.count else { throw ImageError.cannotRead("the file holds \(file.count) images") }
      try write(try file[index].png(), as: name, in: opened, mark)
    } else if copies {
      let source = try entry.file.open(O_RDONLY | O_NONBLOCK)
      guard try source.status().kind == S_IFREG else { throw ImageError.cannotRead("not a regular file") }
      try write(as: name, in: opened, mark) { file in
        try CollectionMark.content(of: source) { try file.write($0) }
      }
    } else {
      // A link to what is no longer there would say that it is.
      _ = try entry.file.status()
      guard let target = entry.file.absolute else { throw SystemError(code: ENOENT) }
      try mark.add(CollectionMark.Entry(name: name, target: target))
      try opened.link(name, to: target)
    }
  }

  private func write(
    _ bytes: Data, as name: FilePath, in opened: OpenFolder, _ mark: CollectionMark
  ) throws {
    try write(as: name, in: opened, mark) { file in
      try file.write(bytes)
      return SHA256.hash(data: bytes).hexadecimal
    }
  }

  /// - Parameter body: writes the file, and says its SHA-256, which is told before it has its name.
  private func write(
    as name: FilePath, in opened: OpenFolder, _ mark: CollectionMark, _ body: (OutputFile) throws -> String
  ) throws {
    guard try opened.status(of: name) == nil else { throw SystemError(code: EEXIST) }
    let file = try OutputFile(try Destination(folder.appending(name.bytes)))
    try mark.add(CollectionMark.Entry(name: name, content: try body(file)))
    try file.finish()
  }

  /// `index.csv`: a line an image, by rank.
  private func index(_ names: [FilePath]) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.6g", $0) } ?? "" }
    let lines = zip(entries, names).map { entry, name in
      [
        "\(entry.rank)", "\(name)", entry.record.path, number(entry.record.pValue),
        number(entry.record.score),
        entry.record.reason ?? "",
      ].map(\.csvCell).joined(separator: ",") + "\n"
    }
    return "rank,name,path,p_value,score,reason\n" + lines.joined()
  }

  private static func reason(_ error: any Error) -> String {
    (error as? DestinationError)?.reason ?? "\(error)"
  }
}
