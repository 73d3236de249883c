import Files
import Foundation

/// One place an image is to come from: a file, or one image of an IDX file.
public enum ImageSource: Sendable {
  case file(FilePath)
  case indexed(IDXFile, Int)
  /// A place where an image was promised and none can be had, such as a missing file.
  case missing(FilePath, ImageError)

  /// The name in records: the path, or `FILE#index`.
  public var path: FilePath {
    switch self {
    case .file(let path), .missing(let path, _): path
    case .indexed(let file, let index): file.path + "#\(index)"
    }
  }

  /// What no second path hides: which file it is, and which of its images.
  package struct Identity: Hashable, Sendable {
    let file: FileIdentity
    package let index: Int?
  }

  /// The file's state: an IDX file's when it was opened, any other's now. Nil where there is no such file.
  package var stamp: FileStamp? {
    switch self {
    case .file(let path): path.stamp
    case .indexed(let file, _): file.stamp
    case .missing: nil
    }
  }

  /// - Parameter stamp: the file's.
  package func identity(_ stamp: FileStamp) -> Identity {
    if case .indexed(_, let index) = self { return Identity(file: stamp.identity, index: index) }
    return Identity(file: stamp.identity, index: nil)
  }

  /// What the image is decoded from.
  /// - Throws: `ImageError`.
  package func read(_ decoder: ImageDecoder) throws(ImageError) -> EncodedImage {
    switch self {
    case .file(let path):
      let (bytes, stamp) = try decoder.read(path)
      return EncodedImage(file: bytes, stamp)
    case .indexed(let file, let index): return EncodedImage(pixels: try file[index], file.stamp)
    case .missing(_, let error): throw error
    }
  }

  /// The image in the shape wanted.
  /// - Throws: `ImageError`.
  public func load(_ decoder: ImageDecoder, as shape: ImageShape) throws(ImageError) -> DecodedImage {
    try read(decoder).decoded(decoder, as: shape)
  }
}
