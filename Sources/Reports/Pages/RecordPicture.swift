import Files
import Foundation

extension Record {
  /// A small picture, as a file's bytes.
  public struct Picture: Sendable, Equatable {
    public enum Kind: String, Sendable { case png, jpeg }

    public let kind: Kind
    public let bytes: Data
    public let width: Int
    public let height: Int

    package init(_ kind: Kind, _ bytes: Data, width: Int, height: Int) {
      self.kind = kind
      self.bytes = bytes
      self.width = width
      self.height = height
    }
  }

  /// What a page shows of an image; in no other report.
  public struct Pictures: Sendable, Equatable {
    public var thumbnail: Picture?
    /// Where its bits lie, over the whole of it.
    public var map: Picture?
    /// The most alike of the ordinary images.
    public var nearest: Picture?
    /// Where that lies; nil where a model keeps it.
    public var nearestFile: FilePath?

    package init() {}
  }
}
