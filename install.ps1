# Installs sandcage for the current user on Windows: picks the binary for this machine, verifies its
# SHA-256 against the release's SHA256SUMS, and moves it into place. Never asks for administrator rights.
#
#   $env:SANDCAGE_VERSION      version to install, for example 0.1.0; the latest by default
#   $env:SANDCAGE_INSTALL_DIR  where to put it; %LOCALAPPDATA%\Programs\sandcage by default
#   $env:SANDCAGE_BASE_URL     release page of a mirror
#
# Everything is a function and the last line calls it: a download of this script that was cut short
# does nothing. Works in Windows PowerShell 5.1 and in PowerShell 7.

function Install-Sandcage {
  Set-StrictMode -Version 3.0
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue' # The progress bar of 5.1 makes a download ten times slower.

  # `throw`, never `exit`: under `irm | iex` an exit would close the user's own shell.
  if ($env:OS -ne 'Windows_NT') {
    throw 'install.ps1 installs on Windows. On Linux and macOS run install.sh'
  }

  $base = 'https://github.com/sandcage/sandcage/releases'
  if ($env:SANDCAGE_BASE_URL) { $base = $env:SANDCAGE_BASE_URL.TrimEnd('/') }
  $uri = $null
  if (-not [Uri]::TryCreate($base, [UriKind]::Absolute, [ref]$uri)) {
    throw "SANDCAGE_BASE_URL is not an address: $base"
  }
  # Plain http proves nothing about the sums file, so it is accepted from this machine only.
  $isSafe = $uri.Scheme -eq 'https' -or ($uri.Scheme -eq 'http' -and $uri.IsLoopback)
  if (-not $isSafe -or $uri.UserInfo) {
    throw "SANDCAGE_BASE_URL is not an https address: $base"
  }

  $version = 'latest'
  if ($env:SANDCAGE_VERSION) { $version = $env:SANDCAGE_VERSION -replace '^v', '' }
  if ($version -notmatch '^[0-9A-Za-z.+-]+$') {
    throw "Not a version: SANDCAGE_VERSION=$version. Give for example 0.1.0"
  }
  $from = "$base/download/v$version"
  if ($version -eq 'latest') { $from = "$base/latest/download" }

  # A 32-bit shell on a 64-bit Windows names the real processor in the second variable.
  $processor = $env:PROCESSOR_ARCHITECTURE
  if ($env:PROCESSOR_ARCHITEW6432) { $processor = $env:PROCESSOR_ARCHITEW6432 }
  $arch = switch ($processor) {
    'AMD64' { 'x64' }
    'ARM64' { 'arm64' }
    default { throw "No binary for the processor $processor. Supported: AMD64 and ARM64" }
  }
  $asset = "sandcage-windows-$arch.exe"

  $dir = $env:SANDCAGE_INSTALL_DIR
  if (-not $dir) { $dir = Join-Path $env:LOCALAPPDATA 'Programs\sandcage' }
  # Below a name of its own in the target directory, so that the last step is a rename on one volume.
  $staging = Join-Path $dir ('.sandcage-install-' + [Guid]::NewGuid().ToString('N'))
  try {
    New-Item -ItemType Directory -Force -Path $staging | Out-Null
  } catch {
    throw "Cannot write to ${dir}: $($_.Exception.Message). Set SANDCAGE_INSTALL_DIR"
  }

  try {
    # Windows PowerShell 5.1 on older systems does not offer TLS 1.2 by itself.
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    $sums = Join-Path $staging 'SHA256SUMS'
    $binary = Join-Path $staging 'sandcage.exe'
    $target = Join-Path $dir 'sandcage.exe'

    Write-Host "Downloading $asset ($version) from $base"
    foreach ($file in @(@('SHA256SUMS', $sums), @($asset, $binary))) {
      try {
        Invoke-WebRequest -UseBasicParsing -Uri "$from/$($file[0])" -OutFile $file[1]
      } catch {
        throw "Cannot download $from/$($file[0]): $($_.Exception.Message)"
      }
    }

    $line = '^[0-9A-Fa-f]{64} [ *]' + [Regex]::Escape($asset) + '$'
    $found = @(Get-Content -LiteralPath $sums | Where-Object { $_ -match $line })
    if ($found.Count -ne 1) {
      throw "SHA256SUMS of the release has no single valid line for $asset; nothing was installed"
    }
    $want = $found[0].Substring(0, 64).ToUpperInvariant()
    $got = (Get-FileHash -LiteralPath $binary -Algorithm SHA256).Hash.ToUpperInvariant()
    if ($got -ne $want) {
      throw "The checksum of $asset does not match (expected $want, received $got); nothing was installed"
    }

    $installed = & $binary --version
    if ($LASTEXITCODE -ne 0) {
      throw 'The verified binary does not run on this machine; nothing was installed'
    }

    # A running program cannot be overwritten on Windows, but it can be renamed.
    $old = Join-Path $staging 'old.exe'
    $hadOld = Test-Path -LiteralPath $target -PathType Leaf
    if ($hadOld) { Move-Item -LiteralPath $target -Destination $old -Force }
    try {
      Move-Item -LiteralPath $binary -Destination $target
    } catch {
      if ($hadOld) { Move-Item -LiteralPath $old -Destination $target }
      throw
    }
    Write-Host "Installed $installed to $target"
  } finally {
    # What a still running old version holds goes with the next installation or reboot.
    Remove-Item -LiteralPath $staging -Recurse -Force -ErrorAction SilentlyContinue
  }

  if (($env:Path -split ';') -notcontains $dir) {
    Write-Host ''
    Write-Host "$dir is not on your PATH. Add it, then open a new terminal:"
    Write-Host "  [Environment]::SetEnvironmentVariable('Path', '$dir;' + [Environment]::GetEnvironmentVariable('Path', 'User'), 'User')"
  }
  Write-Host 'Next: sandcage doctor'
}

Install-Sandcage
