import Files

/// Why outliers cannot be collected.
public enum CollectionError: Error, Sendable, CustomStringConvertible {
  /// The folder holds what no collection put there, or what has changed since.
  case notOwn(folder: FilePath, found: FilePath)
  /// A scan of the folder above would find what is collected.
  case scanned(folder: FilePath, inside: FilePath)
  case cannotUse(folder: FilePath, reason: String)
  /// All others are there.
  case cannotWrite([(image: FilePath, reason: String)], folder: FilePath)

  public var description: String {
    switch self {
    case .notOwn(let folder, let found):
      "\(folder): holds \(found), which no collection put there: give a new folder, or one that holds an earlier "
        + "collection alone"
    case .scanned(let folder, let inside):
      "\(folder): lies in \(inside), which is scanned: the next scan would find there what is collected now. Give a "
        + "folder elsewhere, or one whose name begins with a dot"
    case .cannotUse(let folder, let reason): "\(folder): cannot collect there: \(reason)"
    case .cannotWrite(let failed, let folder):
      failed.prefix(5).map { "\($0.image): cannot be collected in \(folder): \($0.reason)" }
        .joined(separator: "\n") + (failed.count > 5 ? "\nand \(failed.count - 5) others" : "")
    }
  }
}
