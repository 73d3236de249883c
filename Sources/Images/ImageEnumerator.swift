import Files
import Foundation

/// Walks paths to the images they stand for, in the order of their names' bytes, holding the listings of a folder and of
/// those above it at a time.
public struct ImageEnumerator: Sendable {
  /// Whether links inside folders are followed, to wherever they point. Links given by name always are.
  public var followsLinks: Bool

  public init(followsLinks: Bool = false) { self.followsLinks = followsLinks }

  private static let names: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "tif", "tiff", "bmp", "heic", "heif", "avif",
    "jp2", "jxl", "psd",
  ]

  /// Calls `body` for every image.
  ///
  /// In a folder, walked recursively, every file is an image whose name or first bytes say so; hidden entries are
  /// passed over. Links are followed where they stay inside the folder, or everywhere with `followsLinks`; a folder is
  /// never entered from within itself. A path given by name always counts. `FILE-ubyte#A-B` stands for
  /// the images A to B, both included, of an IDX file. A path that names nothing is taken for what reports call a file
  /// whose name is no text (`FilePath.init(escaped:)`), where there is one.
  ///
  /// - Returns: how many files in folders were no images.
  @discardableResult
  public func forEach(in paths: [FilePath], _ body: (ImageSource) throws -> Void) rethrows -> Int {
    var skipped = 0
    for path in paths { skipped += try visit(path, body) }
    return skipped
  }

  @discardableResult
  public func forEach(
    in paths: some Sequence<String>, _ body: (ImageSource) throws -> Void
  ) rethrows -> Int {
    try forEach(in: paths.map { FilePath($0) }, body)
  }

  private func visit(_ given: FilePath, _ body: (ImageSource) throws -> Void) rethrows -> Int {
    let (file, range) = Self.splitRange(given)
    if IDXFile.isNamed(file.bytes) {
      try expand(Self.existing(file), range, body)
      return 0
    }
    let path = Self.existing(given)
    guard !path.bytes.contains(0) else {
      try body(.missing(path, .cannotRead("no name holds a NUL: lists of names that end in one take -0")))
      return 0
    }
    let status: stat
    do throws(SystemError) { status = try path.status() } catch {
      try body(.missing(path, .cannotRead("\(error)")))
      return 0
    }
    guard status.kind == S_IFDIR else {
      try body(.file(path))
      return 0
    }
    return try walk(path, body)
  }

  /// The path, or what it names in a report, where only that exists.
  private static func existing(_ path: FilePath) -> FilePath {
    guard path.isText, let escaped = FilePath(escaped: "\(path)"),
      (try? path.status(followsLinks: false)) == nil, (try? escaped.status(followsLinks: false)) != nil
    else { return path }
    return escaped
  }

  /// `FILE#A-B` or `FILE#A` as file and range.
  private static func splitRange(_ path: FilePath) -> (FilePath, ClosedRange<Int>?) {
    guard let mark = path.bytes.lastIndex(of: UInt8(ascii: "#")) else { return (path, nil) }
    let bounds = String(decoding: path.bytes[(mark + 1)...], as: UTF8.self).split(separator: "-").map {
      Int($0)
    }
    guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2, first >= 0,
      first <= last
    else { return (path, nil) }
    return (FilePath(bytes: path.bytes[..<mark]), first...last)
  }

  private func expand(_ path: FilePath, _ range: ClosedRange<Int>?, _ body: (ImageSource) throws -> Void)
    rethrows
  {
    let file: IDXFile
    do { file = try IDXFile(path: path) } catch {
      try body(.missing(path, error))
      return
    }
    for index in range ?? 0...max(file.count - 1, 0) {
      if index < file.count {
        try body(.indexed(file, index))
      } else if range != nil {
        try body(.missing(path + "#\(index)", .cannotRead("the file holds \(file.count) images")))
        return
      }
    }
  }

  private func walk(_ folder: FilePath, _ body: (ImageSource) throws -> Void) rethrows -> Int {
    var skipped = 0
    try FolderWalk.forEach(in: folder, followsLinks: followsLinks) { place, entry in
      func missing(_ reason: String) throws { try body(.missing(place.path, .cannotRead(reason))) }
      switch entry {
      case .file where IDXFile.isNamed(place.name): try expand(place.path, nil, body)
      case .file:
        if Self.isNamed(place.name) || Self.looksLikeImage(place) {
          try body(.file(place.path))
        } else {
          skipped += 1
        }
      case .special where Self.isNamed(place.name): try missing("not a regular file")
      case .linkOut(let toFolder) where toFolder || Self.isNamed(place.name):
        try missing("link out of the folder, not followed")
      case .unreachable(let reason): try missing(reason)
      case .special, .linkOut, .loop: skipped += 1
      }
    }
    return skipped
  }

  /// Whether a file's extension is an image's.
  private static func isNamed(_ name: [UInt8]) -> Bool {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
    return names.contains(String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
  }

  private static func looksLikeImage(_ place: FolderWalk.Place) -> Bool {
    place.head(ImageKind.longestSignature).map { ImageKind(Data($0)) != nil } ?? false
  }
}
