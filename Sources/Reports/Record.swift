import Files

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

  /// Something that has a name, such as dark or blurry.
  public struct Trouble: Codable, Sendable, Equatable {
    public let name: String
    /// Share of ordinary images that have as much of it.
    public let pValue: Double
    /// What was measured beside what is ordinary, in words.
    public let reason: String
    /// Whether it is a reason that the image is flagged for.
    public let isNamed: Bool

    package init(name: String, pValue: Double, reason: String, isNamed: Bool) {
      self.name = name
      self.pValue = pValue
      self.reason = reason
      self.isNamed = isNamed
    }
  }

  /// Where the image lies, to the byte.
  public var file: FilePath
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
  /// Pixels of the image in its file, upright.
  public var width: Int?
  public var height: Int?
  /// Tiles that the image was judged by; nil where it was looked at whole.
  public var tiles: Int?
  /// The file's kind, by its first bytes.
  public var format: String?
  /// Damage of the file that --lenient let pass.
  public var warning: String?
  /// `trained` or `calibrated` where the model learned from this very image.
  public var known: String?
  /// What is wrong with the image as its file holds it, of what its neighbours have right.
  public var troubles: [Trouble]?
  /// The image that this one shows, exactly or nearly.
  public var copyOf: FilePath?
  /// Of a flagged image where images were judged by one another: the ordinary one that is most like it.
  public var nearest: FilePath?
  /// Whose ordinary images the p-value counts: `folder` where images were judged by one another; nil for the model's
  /// references.
  public var relativeTo: String?
  /// SHA-256 of the file's bytes, of an image in an IDX file of its pixels, where it was asked for.
  public var content: String?

  /// Of an outlier, whether it was accepted before, where that was asked for (`gate`).
  public var accepted: Bool?
  /// Where the record is to be put together with those of other runs.
  public var part: Part? = nil

  /// For pages alone; not kept with records that wait.
  public var pictures: Pictures? = nil

  /// `file` as text, bytes that are none as `\xf1`.
  public var path: String { "\(file)" }

  /// A record of an image that could not be had.
  public init(file: FilePath, error: String) {
    self.file = file
    self.error = error
  }

  public init(path: String, error: String) { self.init(file: FilePath(path), error: error) }

  /// A record of a scored image, to be filled.
  package init(file: FilePath) {
    self.file = file
    error = nil
  }

  enum CodingKeys: String, CodingKey {
    case file = "path"
    case error, bitsPerDim, standardError, evaluations, statistic, score, pValue, tailPValue, outlier, reason,
      profile, warning, known, content, accepted, width, height, format, troubles, copyOf, nearest,
      relativeTo,
      tiles
  }
}
