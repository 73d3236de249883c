/// What a scan says of one image (CONTRACT, "Records").
public struct Record: Codable, Sendable, Equatable {
  public struct Level: Codable, Sendable, Equatable {
    /// Noise level, on the scale where pixels span -1...1.
    public let sigma: Double
    /// Its share of the bits per dimension.
    public let bitsPerDim: Double
    /// Log error in standard deviations from the references' mean.
    public let z: Double

    package init(sigma: Double, bitsPerDim: Double, z: Double) {
      self.sigma = sigma
      self.bitsPerDim = bitsPerDim
      self.z = z
    }
  }

  public let path: String
  /// Why the image is unreadable; nil when it was scored.
  public let error: String?
  public var bitsPerDim: Double?
  public var standardError: Double?
  public var evaluations: Int?
  public var statistic: String?
  public var score: Double?
  public var pValue: Double?
  /// Probability by the fitted tail, where the score is beyond all references (`TailFit`).
  public var tailPValue: Double?
  /// Set when all p-values are known.
  public var outlier: Bool?
  public var reason: String?
  public var profile: [Level]?
  /// Damage of the file that --lenient let pass.
  public var warning: String?

  /// A record of an image that could not be had.
  public init(path: String, error: String) {
    self.path = path
    self.error = error
  }

  /// A record of a scored image, to be filled.
  package init(path: String) {
    self.path = path
    error = nil
  }
}
