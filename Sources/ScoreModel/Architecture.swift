import Images

extension ImageShape {
  /// Why a network cannot take this shape, or nil when it can.
  public var refusal: String? {
    for side in [height, width] where side % 4 != 0 || side < 16 || side > 128 {
      return "size \(width)x\(height): each side must be a multiple of 4 from 16 to 128"
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

    var width: Int {
      switch self {
      case .tiny: 16
      case .small: 32
      case .base: 64
      }
    }
  }

  public let shape: ImageShape
  /// Channels at full resolution; doubled at each halving.
  public let width: Int
  /// Residual blocks at each resolution, on the way down and again on the way up.
  public let blocks: Int
  /// Length of the noise-level embedding.
  public let embedding: Int
  /// Sines and cosines of ln sigma that the embedding starts from.
  public let frequencies: Int

  public init(shape: ImageShape, preset: Preset) {
    self.shape = shape
    width = preset.width
    blocks = 2
    embedding = 128
    frequencies = 32
  }

  /// Why numbers read from a file cannot be an architecture, or nil when they can.
  public var refusal: String? {
    if let refusal = shape.refusal { return refusal }
    guard (8...512).contains(width), (1...8).contains(blocks), (8...1024).contains(embedding),
      (1...256).contains(frequencies)
    else { return "architecture out of range" }
    return nil
  }
}
