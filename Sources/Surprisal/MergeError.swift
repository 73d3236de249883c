import Reports

/// Why parts do not come to one whole.
public enum MergeError: Error, Sendable, CustomStringConvertible {
  case nothing
  case interrupted(part: String)
  /// Judged by other models or options.
  case mixture(part: String, other: String, difference: String)
  case mixedKinds(whole: String, shard: String)
  case otherNumber(part: String, of: Int, other: String, otherOf: Int)
  case sameShard(part: String, other: String, shard: Shard)
  case missing(shards: [Int], of: Int)
  /// Of images that the runs found.
  case otherFolder(part: String, found: Int, other: String, otherFound: Int)
  /// A place among the images that no part has, or two have.
  case incomplete(missing: Int)
  case twice(path: String)
  /// - Parameters:
  ///   - digest: of the model that was given.
  ///   - parts: of the one that the parts were judged by.
  case otherModel(digest: String, parts: String, named: String)
  /// Under `auto` verdicts follow the rate.
  case rateUnderAuto(Double)
  case damaged(part: String, settings: String)

  public var description: String {
    switch self {
    case .nothing: "no parts to put together"
    case .interrupted(let part):
      "\(part): of a scan that was interrupted: let the same command go on, and merge then"
    case .mixture(let part, let other, let difference):
      "\(part) and \(other) were not judged alike: \(difference)"
    case .mixedKinds(let whole, let shard):
      "\(shard) is a shard, and \(whole) is none: parts are all of one kind"
    case .otherNumber(let part, let of, let other, let otherOf):
      "\(part) is of \(of) shards, \(other) of \(otherOf)"
    case .sameShard(let part, let other, let shard):
      "\(part) and \(other) are both shard \(shard.number)/\(shard.of)"
    case .missing(let shards, let of):
      "missing of \(of) shards: \(shards.map { "\($0)/\(of)" }.joined(separator: ", "))"
    case .otherFolder(let part, let found, let other, let otherFound):
      "\(part) is of \(found) images, \(other) of \(otherFound): what was scanned changed between, or other paths were given"
    case .incomplete(let missing):
      "\(missing) images are in no part, others are there twice: what was scanned changed between the shards' runs"
    case .twice(let path): "\(path): is in two parts"
    case .otherModel(let digest, let parts, let named):
      "the parts were judged by another model: \(named), SHA-256 \(parts.prefix(12)), and not \(digest.prefix(12))"
    case .rateUnderAuto(let rate):
      "with --evaluations auto verdicts follow the rate of the scan: only \(rate) can be asked for"
    case .damaged(let part, let settings): "\(part): its run makes no sense: \(settings)"
    }
  }
}
