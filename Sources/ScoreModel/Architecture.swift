import Images

extension ImageShape {
  /// Why a network cannot take this shape, or nil when it can.
  public var refusal: String? { refusal(levels: Architecture.standardLevels) }

  /// Each level but the first halves both sides.
  func refusal(levels: Int) -> String? {
    let unit = 1 << (levels - 1)
    for side in [height, width] where side % unit != 0 || side < 16 || side > 128 {
      return "size \(width)x\(height): each side must be a multiple of \(unit) from 16 to 128"
    }
    return channels == 1 || channels == 3 ? nil : "\(channels) channels: must be 1 or 3"
  }
}

/// What a network is built from; everything about its layers follows.
public struct Architecture: Codable, Sendable, Hashable {
  /// Sizes to choose from, by their parameters at 28x28 gray.
  public enum Preset: String, Codable, Sendable, CaseIterable {
    /// 0.3 M parameters.
    case tiny
    /// 1.2 M parameters.
    case small
    /// 4.5 M parameters.
    case base

    package var width: Int {
      switch self {
      case .tiny: 16
      case .small: 32
      case .base: 64
      }
    }
  }

  public let shape: ImageShape
  /// Resolutions: each halves the one before.
  public let levels: Int
  /// Channels at full resolution; doubled at each halving.
  public let width: Int
  /// Residual blocks at each resolution, on the way down and again on the way up.
  public let blocks: Int
  /// Length of the noise-level embedding.
  public let embedding: Int
  /// Sines and cosines of ln sigma that the embedding starts from.
  public let frequencies: Int
  /// Heads of self-attention at the lowest resolution; 0 for none.
  public let attention: Int

  /// Of networks unless asked otherwise, and of files that do not say.
  public static let standardLevels = 3

  public init(
    shape: ImageShape, preset: Preset, levels: Int = Architecture.standardLevels, attention: Int = 0
  ) {
    self.init(
      shape: shape, levels: levels, width: preset.width, blocks: 2, embedding: 128, frequencies: 32,
      attention: attention)
  }

  /// The same layers over images of another shape.
  package func reshaped(_ shape: ImageShape) -> Architecture {
    Architecture(
      shape: shape, levels: levels, width: width, blocks: blocks, embedding: embedding,
      frequencies: frequencies, attention: attention)
  }

  /// The same with other numbers of levels and heads; nil leaves one as it is.
  package func with(levels: Int?, attention: Int?) -> Architecture {
    Architecture(
      shape: shape, levels: levels ?? self.levels, width: width, blocks: blocks, embedding: embedding,
      frequencies: frequencies, attention: attention ?? self.attention)
  }

  private init(
    shape: ImageShape, levels: Int, width: Int, blocks: Int, embedding: Int, frequencies: Int,
    attention: Int
  ) {
    self.shape = shape
    self.levels = levels
    self.width = width
    self.blocks = blocks
    self.embedding = embedding
    self.frequencies = frequencies
    self.attention = attention
  }

  /// Levels that let a network see whole images: as many as bring the middle's longer side to at most 8 pixels (28: 3,
  /// 64: 4, 128: 5), as far as both sides can be halved so often, and no fewer than the standard's.
  public static func levels(seeing shape: ImageShape) -> Int {
    var levels = standardLevels
    while max(shape.height, shape.width) >> (levels - 1) > 8, shape.refusal(levels: levels + 1) == nil,
      levels < mostLevels
    {
      levels += 1
    }
    return levels
  }

  /// Heads that leave each at most 64 channels of the middle.
  public var heads: Int { (middleChannels + Self.headWidth - 1) / Self.headWidth }

  private static let headWidth = 64
  private static let mostLevels = 5

  /// Channels at the lowest resolution.
  package var middleChannels: Int { width << (levels - 1) }

  /// How deep it goes, in words.
  public var depth: String {
    let heads = attention == 0 ? "" : ", \(attention) \(attention == 1 ? "head" : "heads") of attention"
    return "\(levels) levels\(heads)"
  }

  /// Why numbers read from a file cannot be an architecture, or nil when they can.
  public var refusal: String? {
    guard (2...Self.mostLevels).contains(levels) else {
      return "\(levels) levels: must be from 2 to \(Self.mostLevels)"
    }
    if let refusal = shape.refusal(levels: levels) { return refusal }
    for (name, value, range) in [
      ("width", width, 8...512), ("blocks", blocks, 1...8), ("embedding", embedding, 8...1024),
      ("frequencies", frequencies, 1...256),
    ] where !range.contains(value) {
      return "\(name) \(value): must be from \(range.lowerBound) to \(range.upperBound)"
    }
    guard attention == 0 || attention > 0 && middleChannels % attention == 0 else {
      return "attention \(attention): must be 0 or divide the middle's \(middleChannels) channels"
    }
    return nil
  }
}

extension Architecture {
  private enum CodingKeys: String, CodingKey {
    case shape, levels, width, blocks, embedding, frequencies, attention
  }

  /// - Throws: `DecodingError`, where `refusal` says why among others.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    shape = try values.decode(ImageShape.self, forKey: .shape)
    levels = try values.decodeIfPresent(Int.self, forKey: .levels) ?? Self.standardLevels
    width = try values.decode(Int.self, forKey: .width)
    blocks = try values.decode(Int.self, forKey: .blocks)
    embedding = try values.decode(Int.self, forKey: .embedding)
    frequencies = try values.decode(Int.self, forKey: .frequencies)
    attention = try values.decodeIfPresent(Int.self, forKey: .attention) ?? 0
    try decoder.refuse(refusal)
  }

  /// Says the levels and heads only where files from before they were numbers would be read wrongly.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(shape, forKey: .shape)
    if levels != Self.standardLevels { try values.encode(levels, forKey: .levels) }
    try values.encode(width, forKey: .width)
    try values.encode(blocks, forKey: .blocks)
    try values.encode(embedding, forKey: .embedding)
    try values.encode(frequencies, forKey: .frequencies)
    if attention != 0 { try values.encode(attention, forKey: .attention) }
  }
}
