import Glibc

/// The names in a folder, sorted by their bytes; one buffer, however many.
struct Listing {
  /// Each name with a NUL after it.
  private let names: [CChar]
  private let starts: [Int]

  var count: Int { starts.count }

  /// - Parameter withHidden: whether names that begin with a dot are told too, but for `.` and `..`.
  init(_ folder: Descriptor, withHidden: Bool = false) throws(SystemError) {
    // The stream takes over its descriptor.
    let own = openat(folder.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0 else { throw .latest }
    guard let stream = fdopendir(own) else {
      close(own)
      throw .latest
    }
    defer { closedir(stream) }
    var names: [CChar] = []
    var starts: [Int] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      // By pointer: an entry is shorter than the type says.
      let name = UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name)!)
        .assumingMemoryBound(to: CChar.self)
      if name[0] == 0x2E {
        guard withHidden, strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { continue }
      }
      starts.append(names.count)
      names.append(contentsOf: UnsafeBufferPointer(start: name, count: strlen(name) + 1))
    }
    guard errno == 0 else { throw .latest }
    names.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { starts.sort { strcmp(base + $0, base + $1) < 0 } }
    }
    self.names = names
    self.starts = starts
  }

  subscript(index: Int) -> [UInt8] {
    names[starts[index]...].prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }
}
