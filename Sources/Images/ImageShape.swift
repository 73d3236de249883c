/// Height, width and channels that images share.
public struct ImageShape: Codable, Sendable, Hashable {
  public let height: Int
  public let width: Int
  /// 1 gray, 3 RGB.
  public let channels: Int

  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Values an image holds: d in the formulas.
  public var count: Int { height * width * channels }
}
