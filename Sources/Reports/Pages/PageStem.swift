import Files

/// The folder that all images of a page lie in, which need not be said with each.
struct PageStem {
  /// As it is shown, with its slash; empty where there is none.
  let shown: String

  init(of files: some Sequence<FilePath>) {
    var common: ArraySlice<UInt8>?
    for file in files {
      let folder = file.bytes[..<(file.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)]
      guard let known = common else {
        common = folder
        continue
      }
      let same = zip(known, folder).prefix { $0 == $1 }.count
      // Back to the end of a folder's name.
      common = known.prefix(same)
      common = common?[..<((common?.lastIndex(of: UInt8(ascii: "/"))).map { $0 + 1 } ?? 0)]
    }
    shown = "\(FilePath(bytes: Array(common ?? [])))".printable
  }

  /// What is left of a path to say.
  func rest(of file: FilePath) -> String {
    let whole = "\(file)".printable
    guard whole.utf8.starts(with: shown.utf8) else { return whole }
    return String(decoding: whole.utf8.dropFirst(shown.utf8.count), as: UTF8.self)
  }
}
