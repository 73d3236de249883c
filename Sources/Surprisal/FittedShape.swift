import Cache
import Detection
import Files
import Foundation
import Images

/// In which shape images are looked at.
public struct FittedShape: Sendable {
  /// Nil to be chosen from the images.
  public var size: (width: Int, height: Int)?
  public var channels: Int?

  public init(size: (width: Int, height: Int)? = nil, channels: Int? = nil) {
    self.size = size
    self.channels = channels
  }

  /// That of a model.
  public init(of model: Model) {
    self.init(size: (model.shape.width, model.shape.height), channels: model.shape.channels)
  }

  /// Side of images unless they say otherwise themselves.
  public static let side = 32
  /// Images looked into for their size.
  private static let sample = 32

  /// The size that images have, where all that are looked into have the same and a network takes it without losing what
  /// it was trained to see; else squares of 32. Without a trial: a folder that is scanned again and again keeps its size.
  ///
  /// - Parameter cache: where sizes of files are kept.
  func size(
    of paths: [FilePath], reading: ImageReading, cache: ResultCache? = nil
  ) -> (width: Int, height: Int) {
    if let size { return size }
    let choice = Choice(origins(of: paths, reading: reading, cache: cache))
    return (choice.width, choice.height)
  }

  /// A size, and why it is the one.
  public struct Choice: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public let reason: String
    /// Whether images are of more pixels, so that they may be told apart better at another size.
    fileprivate let isOpen: Bool

    fileprivate init(_ width: Int, _ height: Int, _ reason: String, isOpen: Bool = false) {
      (self.width, self.height, self.reason, self.isOpen) = (width, height, reason, isOpen)
    }

    var size: (width: Int, height: Int) { (width, height) }

    /// - Parameter origins: of the images looked into.
    init(_ origins: [ImageOrigin]) {
      let side = FittedShape.side
      guard let first = origins.first else {
        self.init(side, side, "none could be read")
        return
      }
      guard origins.allSatisfy({ $0.width == first.width && $0.height == first.height }) else {
        self.init(side, side, "they differ in size", isOpen: true)
        return
      }
      let own = "\(first.width)x\(first.height)"
      guard (16...64).contains(first.width), (16...64).contains(first.height) else {
        let isSmall = min(first.width, first.height) < 16
        self.init(
          side, side, "they are of \(own), \(isSmall ? "too small for" : "more than") what the network saw",
          isOpen: !isSmall)
        return
      }
      guard ImageShape(height: first.height, width: first.width, channels: 3).refusal == nil else {
        self.init(side, side, "\(own) is no size that the network takes")
        return
      }
      self.init(first.width, first.height, "all that were looked into have that size")
    }
  }

  /// The size to take images at that none is given for: that of the first of them, or where they are of more pixels than the network saw
  /// the one at which it tells them best from images that are spoiled in part (`SizeTrial`).
  ///
  /// - Parameters:
  ///   - network: is tried; what population it knows does not matter. Nil where there is none: nothing is tried.
  ///   - largest: side that is tried; nil for 128.
  /// - Throws: `EngineError`.
  public func choice(
    of paths: [FilePath], reading: ImageReading, trying network: Model?, largest: Int? = nil,
    compute: Compute = Compute()
  ) throws -> Choice {
    let first = Choice(origins(of: paths, reading: reading, cache: nil))
    guard first.isOpen, let network,
      let trial = SizeTrial(
        of: paths, reading: reading, channels: channels ?? network.shape.channels,
        largest: largest ?? SizeTrial.sides[SizeTrial.sides.count - 1])
    else { return first }
    return try trial.choice(by: network, compute: compute) ?? first
  }

  private func origins(of paths: [FilePath], reading: ImageReading, cache: ResultCache?) -> [ImageOrigin] {
    let standard = ImageShape(height: Self.side, width: Self.side, channels: 3)
    let recall = cache.map { Recall($0, "origin \(reading.fingerprint)") }
    let stream = ImageStream(paths, shape: standard, reading: reading, limit: Self.sample, recall: recall)
    let origins = stream.next(Self.sample).compactMap { image -> ImageOrigin? in
      if case .known(let bytes) = image.form {
        return try? Recall.unpacked(bytes) { unpacker throws(Unpacker.Cut) in
          try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in try unpacker.takeOrigin() }
        }
      }
      if let content = image.content, image.isLasting {
        var packer = Packer()
        packer.add(image.origin) { $0.add($1) }
        recall?.keep(packer.data, of: content)
      }
      return image.origin
    }
    stream.cancel()
    return origins
  }
}

extension FittedShape.Choice {
  /// - Parameter seen: of each side that was tried, the AUROC of images that were spoiled in part.
  init(_ side: Int, _ seen: [(side: Int, area: Double)]) {
    let areas = seen.map { String(format: "%.2f at %d", $0.area, $0.side) }.joined(separator: ", ")
    self.init(side, side, "made-up flaws are told by an AUROC of \(areas)")
  }
}
