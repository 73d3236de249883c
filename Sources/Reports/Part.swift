import Foundation

/// What lets records of several runs be put together as one run would have told them (CONTRACT, "Parts").
public struct Part: Sendable, Equatable {
  /// Among all images that the run found, in their order, from 0.
  public let place: Int
  /// What the file is known by under each of its names; nil where there is no file.
  public let identity: String?
  /// Where the image sorts: the stage that judged it, and its score there, what is no number as infinity; nil of an
  /// unreadable one.
  public let order: Order?

  public struct Order: Sendable, Equatable {
    public let stage: Int
    public let score: Double

    package init(stage: Int, score: Double) {
      self.stage = stage
      self.score = score
    }
  }

  package init(place: Int, identity: String?, order: Order?) {
    self.place = place
    self.identity = identity
    self.order = order
  }
}

/// One of several runs that share the images of the same paths.
public struct Shard: Codable, Sendable, Hashable {
  /// From 1.
  public let number: Int
  public let of: Int

  /// - Returns: nil unless `number` is one of 1 to `of`.
  public init?(number: Int, of: Int) {
    guard number >= 1, number <= of else { return nil }
    self.number = number
    self.of = of
  }
}

/// What a part says of the run that it is of, before its records.
public struct PartFacts: Codable, Sendable, Equatable {
  /// By what images were judged: all must be the same in parts that are put together.
  public struct Settings: Codable, Sendable, Equatable, CustomStringConvertible {
    /// SHA-256 of the model file's content.
    public let digest: String
    public let statistic: String
    /// A number, or `auto`.
    public let evaluations: String
    /// `fpr` or `fdr`.
    public let rule: String
    public let rate: Double
    /// Precision, and how files are read.
    public let computing: String
    /// The program's version.
    public let program: String

    package init(
      digest: String, statistic: String, evaluations: String, rule: String, rate: Double, computing: String,
      program: String
    ) {
      self.digest = digest
      self.statistic = statistic
      self.evaluations = evaluations
      self.rule = rule
      self.rate = rate
      self.computing = computing
      self.program = program
    }

    /// Each setting in words.
    private var words: [(name: String, value: String)] {
      [
        ("model", String(digest.prefix(12))), ("statistic", statistic), ("evaluations", evaluations),
        ("rate", "\(rule) \(rate)"), ("computing and reading", computing), ("program", program),
      ]
    }

    public var description: String { words.map { "\($0) \($1)" }.joined(separator: ", ") }

    /// What is not the same, in words: of these, and of the others.
    package func difference(from other: Settings) -> String {
      zip(words, other.words).filter { $0.value != $1.value }
        .map { "\($0.name) \($0.value) and \($1.value)" }.joined(separator: ", ")
    }
  }

  /// Of parts as they are written here.
  public static let version = 1

  /// The format's version.
  public let version: Int
  public let settings: Settings
  /// As it was named.
  public let model: String
  /// Nil where the part's images are all that the run was given.
  public let shard: Shard?
  /// Images that the run found, those of other shards among them.
  public let found: Int
  /// Files in folders that were no images.
  public let skipped: Int
  /// Records that follow.
  public let records: Int
  /// False where the run was interrupted.
  public let isComplete: Bool

  package init(
    settings: Settings, model: String, shard: Shard?, found: Int, skipped: Int, records: Int, isComplete: Bool
  ) {
    version = Self.version
    self.settings = settings
    self.model = model
    self.shard = shard
    self.found = found
    self.skipped = skipped
    self.records = records
    self.isComplete = isComplete
  }

  enum CodingKeys: String, CodingKey {
    case version, settings, model, shard, found, skipped, records
    case isComplete = "complete"
  }
}

extension PartFacts {
  /// As one object of JSON on one line.
  var json: String { JSONEncoder.oneLine().text(self) }
}

extension Part {
  /// Everything of a record that no other field holds, as one object of JSON.
  func json(_ record: Record) -> String {
    var fields = JSONObject(.all)
    fields.add("identity", identity)
    if let order { fields.add("order", array: ["\(order.stage)", JSONObject.quoted("\(order.score)")]) }
    fields.add("place", place)
    if let troubles = record.troubles {
      fields.add("troubles", array: troubles.map(Self.json))
    }
    return fields.text
  }

  private static func json(_ trouble: Record.Trouble) -> String {
    var fields = JSONObject(.all)
    fields.add("name", trouble.name)
    fields.add("named", trouble.isNamed)
    fields.add("p_value", trouble.pValue)
    fields.add("reason", trouble.reason)
    return fields.text
  }
}
