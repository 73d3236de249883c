import Cache
import Detection
import Files
import Foundation
import Images

/// In which shape images are looked at, and whether the things that they show are aligned first.
public struct FittedShape: Sendable {
  /// Whether things on a plain ground are brought to where others lie.
  public enum Aligning: Sendable {
    /// Where made-up flaws on them are told better so (`AlignmentTrial`).
    case chosen
    case never
    case always(Alignment.Kind)
    /// As it is known already.
    case known(Alignment)
  }

  /// Nil to be chosen from the images.
  public var size: (width: Int, height: Int)?
  public var channels: Int?
  public var aligning = Aligning.chosen

  public init(
    size: (width: Int, height: Int)? = nil, channels: Int? = nil, aligning: Aligning = .chosen
  ) {
    self.size = size
    self.channels = channels
    self.aligning = aligning
  }

  /// That of a model.
  public init(of model: Model) {
    self.init(
      size: (model.shape.width, model.shape.height), channels: model.shape.channels,
      aligning: model.alignment.map { .known($0) } ?? .never)
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
    /// How things are brought to where others lie; nil where images are taken whole.
    public var alignment: Alignment?
    /// Pixels of an image's own, across and down, that become one at this size: of half of the images looked into as many or more. What is
    /// smaller goes unseen.
    public private(set) var reduction = 1
    /// Whether images are of more pixels, so that they may be told apart better at another size.
    fileprivate let isOpen: Bool

    fileprivate init(_ width: Int, _ height: Int, _ reason: String, isOpen: Bool = false) {
      (self.width, self.height, self.reason, self.isOpen) = (width, height, reason, isOpen)
    }

    var size: (width: Int, height: Int) { (width, height) }

    /// Whether the size was given.
    public var isGiven: Bool { reason == Self.given }

    /// What was chosen, to take images in.
    /// - Parameter channels: nil for as few as the images have.
    public func shape(channels: Int?) -> FittedShape {
      FittedShape(size: size, channels: channels, aligning: alignment.map { .known($0) } ?? .never)
    }

    /// The reason of a size that a person chose.
    fileprivate static let given = "as was asked"

    /// A size that was given, with what was chosen beside.
    fileprivate init(_ size: Choice, _ chosen: Choice) {
      self.init(size.width, size.height, chosen.reason)
      alignment = chosen.alignment
    }

    fileprivate func aligned(by alignment: Alignment?) -> Choice {
      var result = self
      result.alignment = alignment
      return result
    }

    fileprivate mutating func reduce(_ origins: [ImageOrigin]) {
      let all = origins.map { min($0.width / width, $0.height / height) }.sorted()
      reduction = max(all.isEmpty ? 1 : all[all.count / 2], 1)
    }

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

  /// The size to take images at, and how: where none is given that of the first of them, or where they are of more pixels than the network saw
  /// the one at which it tells them best from images that are spoiled in part (`SizeTrial`, or `AlignmentTrial` where each shows a thing).
  ///
  /// - Parameters:
  ///   - network: is tried; what population it knows does not matter. Nil where there is none: nothing is tried.
  ///   - largest: side that is tried; nil for 128.
  /// - Throws: `EngineError`, `SurprisalError.unsuitableOption` where things are to be aligned and images show none.
  public func choice(
    of paths: [FilePath], reading: ImageReading, trying network: Model?, largest: Int? = nil,
    compute: Compute = Compute()
  ) throws -> Choice {
    let origins = origins(of: paths, reading: reading, cache: nil)
    var choice = try choice(
      Choice(origins), of: paths, reading: reading, trying: network, largest: largest, compute: compute)
    choice.reduce(origins)
    return choice
  }

  private func choice(
    _ own: Choice, of paths: [FilePath], reading: ImageReading, trying network: Model?, largest: Int?,
    compute: Compute
  ) throws -> Choice {
    let first = size.map { Choice($0.width, $0.height, Choice.given, isOpen: own.isOpen) } ?? own
    let largest = largest ?? SizeTrial.sides[SizeTrial.sides.count - 1]
    let colours = channels ?? network?.shape.channels ?? 3
    switch aligning {
    case .known(let alignment): return first.aligned(by: alignment)
    case .always:
      let alignment = try alignment(of: paths, reading: reading, channels: colours)
      var reading = reading
      reading.decoder.alignment = alignment
      return try sized(first, of: paths, reading: reading, colours, trying: network, largest, compute)
        .aligned(by: alignment)
    case .chosen where own.isOpen:
      if let network, let trial = AlignmentTrial(of: paths, reading: reading, channels: colours),
        let choice = try trial.choice(
          among: size.map { [max($0.width, $0.height)] } ?? trial.sides(upTo: largest, of: network),
          by: network, compute: compute)
      {
        return size == nil ? choice : Choice(first, choice)
      }
    case .chosen, .never: break
    }
    return try sized(first, of: paths, reading: reading, colours, trying: network, largest, compute)
  }

  /// With the size that is best where none is given.
  private func sized(
    _ first: Choice, of paths: [FilePath], reading: ImageReading, _ channels: Int, trying network: Model?,
    _ largest: Int, _ compute: Compute
  ) throws -> Choice {
    guard size == nil, first.isOpen, let network,
      let trial = SizeTrial(of: paths, reading: reading, channels: channels, largest: largest)
    else { return first }
    return try trial.choice(by: network, compute: compute) ?? first
  }

  /// The alignment that is wanted, where it is: nothing is tried.
  /// - Throws: `SurprisalError.unsuitableOption` where things are to be aligned and images show none.
  func alignment(
    of paths: [FilePath], reading: ImageReading, channels: Int
  ) throws(SurprisalError) -> Alignment? {
    switch aligning {
    case .chosen, .never: return nil
    case .known(let alignment): return alignment
    case .always(let kind):
      guard let trial = AlignmentTrial(of: paths, reading: reading, channels: channels) else {
        throw .noReadableImages(purpose: "align")
      }
      return try trial.alignment(kind)
    }
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
  /// A square, and how things are aligned.
  init(_ side: Int, _ reason: String, _ alignment: Alignment?) {
    self.init(side, side, reason)
    self.alignment = alignment
  }

  /// - Parameter seen: of each side that was tried, the AUROC of images that were spoiled in part.
  init(_ side: Int, _ seen: [(side: Int, area: Double)]) {
    let areas = seen.map { String(format: "%.2f at %d", $0.area, $0.side) }.joined(separator: ", ")
    self.init(side, side, "made-up flaws are told by an AUROC of \(areas)")
  }
}
