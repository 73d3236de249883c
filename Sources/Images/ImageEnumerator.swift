import Files
import Foundation

/// Walks paths to the images they stand for, in the order of their names' bytes, holding the listings of a folder and of
/// those above it at a time.
public struct ImageEnumerator: Sendable {
  /// Whether links inside folders are followed, to wherever they point. Links given by name always are.
  public var followsLinks: Bool
  /// What an IDX file may cost.
  public var limits: ImageLimits

  public init(followsLinks: Bool = false, limits: ImageLimits = ImageLimits()) {
    self.followsLinks = followsLinks
    self.limits = limits
  }

  private static let names: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "tif", "tiff", "bmp", "heic", "heif", "avif",
    "jp2", "jxl", "psd",
  ]

  /// Calls `body` for every image.
  ///
  /// In a folder, walked recursively, every file is an image whose name or first bytes say so; hidden entries are
  /// passed over. Links are followed where they stay inside the folder, or everywhere with `followsLinks`; a folder is
  /// never entered from within itself. A path given by name always counts. `FILE-ubyte#A-B` stands for
  /// the images A to B, both included, of an IDX file, `#A-` for A and all after it, `#A` for one; counted from 0. A path that names nothing is taken for what reports call a file
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
    if let (file, text) = Self.splitRange(given), (try? given.status(followsLinks: false)) == nil {
      guard let range = IDXRange(text) else {
        let reason = "#\(text) is no range of images: #A, #A-B and #A- are, counted from 0, A no more than B"
        try body(.missing(given, .cannotRead(reason)))
        return 0
      }
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
    if status.kind == S_IFDIR { return try walk(path, body) }
    if IDXFile.isOne(path) { try expand(path, .all, body) } else { try body(.file(path)) }
    return 0
  }

  /// The path, or what it names in a report, where only that exists.
  private static func existing(_ path: FilePath) -> FilePath {
    guard path.isText, let escaped = FilePath(escaped: "\(path)"),
      (try? path.status(followsLinks: false)) == nil, (try? escaped.status(followsLinks: false)) != nil
    else { return path }
    return escaped
  }

  /// What stands before and after the last `#` of what may be a part of an IDX file.
  private static func splitRange(_ path: FilePath) -> (file: FilePath, range: String)? {
    guard let mark = path.bytes.lastIndex(of: UInt8(ascii: "#")) else { return nil }
    let file = FilePath(bytes: path.bytes[..<mark])
    return IDXFile.isOne(file) ? (file, "\(FilePath(bytes: path.bytes[(mark + 1)...]))") : nil
  }

  private func expand(
    _ path: FilePath, _ range: IDXRange, _ body: (ImageSource) throws -> Void
  ) rethrows {
    let file: IDXFile
    do { file = try IDXFile(path: path, limits: limits) } catch {
      try body(.missing(path, error))
      return
    }
    guard file.count > 0 else {
      try body(.missing(path, .corrupt("IDX: holds no images")))
      return
    }
    let last = min(range.last ?? .max, file.count - 1)
    if range.first <= last {
      for index in range.first...last { try body(.indexed(file, index)) }
    }
    if range.first >= file.count || (range.last ?? 0) > last {
      let beyond = max(range.first, file.count)
      try body(.missing(path + "#\(beyond)", .cannotRead("the file holds \(file.count) images")))
    }
  }

  private func walk(_ folder: FilePath, _ body: (ImageSource) throws -> Void) rethrows -> Int {
    var skipped = 0
    try FolderWalk.forEach(in: folder, followsLinks: followsLinks) { place, entry in
      func missing(_ reason: String) throws { try body(.missing(place.path, .cannotRead(reason))) }
      switch entry {
      case .file where IDXFile.isNamed(place.name): try expand(place.path, .all, body)
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

/// Images of an IDX file, as `FILE#A-B` names them.
struct IDXRange: Equatable {
  let first: Int
  /// Nil for all to the end.
  let last: Int?

  static let all = IDXRange(first: 0, last: nil)

  private init(first: Int, last: Int?) {
    self.first = first
    self.last = last
  }

  /// `A`, `A-B` with A no more than B, or `A-`; nil for all else.
  init?(_ text: String) {
    guard let match = text.wholeMatch(of: /([0-9]+)(-([0-9]*))?/), let first = Int(match.1) else {
      return nil
    }
    switch match.3 {
    case nil: self.init(first: first, last: first)
    case "": self.init(first: first, last: nil)
    case let end?:
      guard let last = Int(end), first <= last else { return nil }
      self.init(first: first, last: last)
    }
  }
}
