/// What can be wrong with a model file or a checkpoint.
public enum ModelFileError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case damaged(path: String, reason: String)
  /// A file that no training can go on from.
  case damagedCheckpoint(path: String, reason: String)
  case tooNew(path: String, version: Int)
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot read: \(reason)"
    case .damaged(let path, let reason): "\(path): not a usable model file: \(reason)"
    case .damagedCheckpoint(let path, let reason): "\(path): not a usable checkpoint: \(reason)"
    case .tooNew(let path, let version):
      "\(path): written by a newer surprisal (format \(version)); update surprisal to read it"
    case .unwritable(let path, let reason): "\(path): cannot write: \(reason)"
    }
  }
}
