import Foundation

/// One place an image is to come from: a file, or one image of an IDX file.
public enum ImageSource: Sendable {
  case file(path: String)
  case indexed(IDXFile, Int)
  /// A place where an image was promised and none can be had, such as a missing file.
  case missing(path: String, ImageError)

  /// The name in records: the path, or `FILE#index`.
  public var name: String {
    switch self {
    case .file(let path), .missing(let path, _): path
    case .indexed(let file, let index): "\(file.path)#\(index)"
    }
  }

  /// The image in the shape wanted.
  /// - Throws: `ImageError`.
  public func load(_ decoder: ImageDecoder, as shape: ImageShape) throws(ImageError) -> DecodedImage {
    switch self {
    case .file(let path): return try decoder.decode(try decoder.read(path), to: shape)
    case .indexed(let file, let index):
      let image = file[index].converted(toChannels: shape.channels)
        .resampled(width: shape.width, height: shape.height)
      return DecodedImage(bitmap: image, warning: nil)
    case .missing(_, let error): throw error
    }
  }
}

/// Walks paths to the images they stand for, in sorted order, holding one folder's listing at a time.
public struct ImageEnumerator: Sendable {
  /// Whether links inside folders are followed, to wherever they point. Links given by name always are.
  public var followsLinks: Bool

  public init(followsLinks: Bool = false) { self.followsLinks = followsLinks }

  /// A folder's identity, which no second name hides.
  private struct Folder: Hashable {
    let device: dev_t
    let inode: ino_t

    init(_ status: stat) {
      device = status.st_dev
      inode = status.st_ino
    }
  }

  private static let names: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "tif", "tiff", "bmp", "heic", "heif", "avif",
    "jp2",
    "jxl", "psd",
  ]

  /// Calls `body` for every image.
  ///
  /// In a folder, walked recursively, every file is an image whose name or first bytes say so; hidden entries are
  /// passed over. Links are followed where they stay inside the folder, or everywhere with `followsLinks`; a folder is
  /// never entered from within itself. A path given by name always counts. `FILE-ubyte#A-B` stands for
  /// the images A to B, both included, of an IDX file.
  ///
  /// - Returns: how many files in folders were no images.
  @discardableResult
  public func forEach(in paths: [String], _ body: (ImageSource) throws -> Void) rethrows -> Int {
    var skipped = 0
    for path in paths {
      var status = stat()
      let (plain, range) = Self.splitRange(path)
      if IDXFile.isNamed(plain) {
        try expand(plain, range, body)
      } else if stat(path, &status) != 0 {
        try body(.missing(path: path, .cannotRead(String(cString: strerror(errno)))))
      } else if status.st_mode & S_IFMT == S_IFDIR {
        let root = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        skipped += try walk(path, root, above: [Folder(status)], body)
      } else {
        try body(.file(path: path))
      }
    }
    return skipped
  }

  /// `FILE#A-B` or `FILE#A` as file and range.
  private static func splitRange(_ path: String) -> (String, ClosedRange<Int>?) {
    guard let mark = path.lastIndex(of: "#") else { return (path, nil) }
    let bounds = path[path.index(after: mark)...].split(separator: "-").map { Int($0) }
    guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2, first >= 0,
      first <= last
    else { return (path, nil) }
    return (String(path[..<mark]), first...last)
  }

  private func expand(_ path: String, _ range: ClosedRange<Int>?, _ body: (ImageSource) throws -> Void)
    rethrows
  {
    let file: IDXFile
    do { file = try IDXFile(path: path) } catch {
      try body(.missing(path: path, error))
      return
    }
    for index in range ?? 0...max(file.count - 1, 0) {
      if index < file.count {
        try body(.indexed(file, index))
      } else if range != nil {
        try body(.missing(path: "\(path)#\(index)", .cannotRead("the file holds \(file.count) images")))
        return
      }
    }
  }

  private func walk(
    _ folder: String, _ root: String, above: Set<Folder>, _ body: (ImageSource) throws -> Void
  ) rethrows -> Int {
    let entries: [String]
    do { entries = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      try body(.missing(path: folder, .cannotRead("folder cannot be listed")))
      return 0
    }
    var skipped = 0
    for entry in entries.sorted() where !entry.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + entry : "\(folder)/\(entry)"
      let isNamed = Self.names.contains((entry as NSString).pathExtension.lowercased())
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFLNK {
        guard stat(path, &status) == 0 else {
          try body(.missing(path: path, .cannotRead("link to nothing, or to itself")))
          continue
        }
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard followsLinks || real == root || real.hasPrefix(root + "/") else {
          if isNamed || status.st_mode & S_IFMT == S_IFDIR {
            try body(.missing(path: path, .cannotRead("link out of the folder, not followed")))
          } else {
            skipped += 1
          }
          continue
        }
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        let identity = Folder(status)
        if above.contains(identity) {
          skipped += 1
        } else {
          skipped += try walk(path, root, above: above.union([identity]), body)
        }
      case S_IFREG:
        if IDXFile.isNamed(entry) {
          try expand(path, nil, body)
        } else if isNamed || Self.looksLikeImage(path) {
          try body(.file(path: path))
        } else {
          skipped += 1
        }
      default:
        if isNamed {
          try body(.missing(path: path, .cannotRead("not a regular file")))
        } else {
          skipped += 1
        }
      }
    }
    return skipped
  }

  private static func looksLikeImage(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    guard let head = try? handle.read(upToCount: ImageKind.longestSignature) else { return false }
    return ImageKind(head) != nil
  }
}
