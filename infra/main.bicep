// The bot in Azure: Container Apps (web and worker), PostgreSQL, a managed identity instead of secrets, and the registration as a bot.
// docs/admin.md says how to deploy it.
targetScope = 'resourceGroup'

@description('Begins the name of everything.')
@minLength(3)
@maxLength(20)
param name string = 'pykala'

param location string = resourceGroup().location

@description('Name of the container registry in this resource group.')
param registry string

@description('The image in the registry, with its tag.')
param image string

@description('GRAPH_ORGANISER: the address of the mailbox that sends the invitations.')
param organiser string

@description('PUBLISHER_NAME: the organisation, as Teams shows it.')
@maxLength(32)
param publisherName string

@description('PUBLISHER_URL: its page about the bot.')
param publisherUrl string

@description('PUBLIC_URL, where a host name of your own leads to the app web; empty: the name that Azure gives.')
param publicUrl string = ''

@description('Host names of your own bound to the app web: name, certificateId, bindingType. What is not given here is unbound.')
param customDomains array = []

@description('Of the database. The bot alone uses it.')
@secure()
@minLength(16)
param databasePassword string

var webName = '${name}-web'
var address = empty(publicUrl) ? 'https://${webName}.${apps.properties.defaultDomain}' : publicUrl
var databaseName = 'pykala'
var databaseUser = 'pykala'
// Built in: AcrPull.
var pull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource images 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registry
}

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: images
  name: guid(images.id, identity.id, pull)
  properties: {
    roleDefinitionId: pull
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: ['10.20.0.0/16']
    }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: '10.20.0.0/23'
          delegations: [
            {
              name: 'apps'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'database'
        properties: {
          addressPrefix: '10.20.2.0/28'
          delegations: [
            {
              name: 'database'
              properties: {
                serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers'
              }
            }
          ]
        }
      }
    ]
  }

  resource appsSubnet 'subnets' existing = {
    name: 'apps'
  }

  resource databaseSubnet 'subnets' existing = {
    name: 'database'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: '${name}.private.postgres.database.azure.com'
  location: 'global'

  resource link 'virtualNetworkLinks' = {
    name: name
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: '${name}-${uniqueString(resourceGroup().id)}'
  location: location
  sku: {
    name: 'Standard_B1ms'
    tier: 'Burstable'
  }
  properties: {
    version: '17'
    administratorLogin: databaseUser
    administratorLoginPassword: databasePassword
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 14
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: 'Disabled'
    }
    network: {
      delegatedSubnetResourceId: network::databaseSubnet.id
      privateDnsZoneArmResourceId: zone.id
      publicNetworkAccess: 'Disabled'
    }
  }
  dependsOn: [
    zone::link
  ]

  resource database 'databases' = {
    name: databaseName
    properties: {
      charset: 'UTF8'
      collation: 'en_US.utf8'
    }
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource apps 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: name
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
    vnetConfiguration: {
      infrastructureSubnetId: network::appsSubnet.id
      internal: false
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

// docs/settings.md explains each name.
var settings = [
  { name: 'HOST', value: '0.0.0.0' }
  { name: 'PORT', value: '3978' }
  { name: 'PUBLIC_URL', value: address }
  { name: 'DATABASE_URL', value: 'postgresql+psycopg://${databaseUser}@${server.properties.fullyQualifiedDomainName}/${databaseName}?sslmode=require' }
  { name: 'PGPASSWORD', secretRef: 'database-password' }
  { name: 'MicrosoftAppType', value: 'UserAssignedMSI' }
  { name: 'MicrosoftAppId', value: identity.properties.clientId }
  { name: 'MicrosoftAppTenantId', value: identity.properties.tenantId }
  { name: 'GRAPH_ORGANISER', value: organiser }
  { name: 'PUBLISHER_NAME', value: publisherName }
  { name: 'PUBLISHER_URL', value: publisherUrl }
]

// The same image does either part. Health is asked on the same port, which in the worker answers nothing else.
var parts = [
  {
    role: 'web'
    ingress: {
      external: true
      targetPort: 3978
      transport: 'auto'
      allowInsecure: false
      customDomains: customDomains
    }
    replicas: {
      minReplicas: 2
      maxReplicas: 4
    }
  }
  {
    role: 'worker'
    ingress: null
    replicas: {
      minReplicas: 1
      maxReplicas: 1
    }
  }
]

resource app 'Microsoft.App/containerApps@2024-03-01' = [
  for part in parts: {
    name: '${name}-${part.role}'
    location: location
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: {
        '${identity.id}': {}
      }
    }
    properties: {
      environmentId: apps.id
      workloadProfileName: 'Consumption'
      configuration: {
        activeRevisionsMode: 'Single'
        ingress: part.ingress
        registries: [
          {
            server: images.properties.loginServer
            identity: identity.id
          }
        ]
        secrets: [
          {
            name: 'database-password'
            value: databasePassword
          }
        ]
      }
      template: {
        // Longer than the bot takes to finish what it is doing.
        terminationGracePeriodSeconds: 40
        containers: [
          {
            name: part.role
            image: '${images.properties.loginServer}/${image}'
            args: ['--role', part.role]
            env: settings
            resources: {
              cpu: json('0.5')
              memory: '1Gi'
            }
            probes: [
              {
                type: 'Liveness'
                httpGet: {
                  path: '/healthz'
                  port: 3978
                }
                initialDelaySeconds: 30
                periodSeconds: 15
                timeoutSeconds: 5
              }
              {
                type: 'Readiness'
                httpGet: {
                  path: '/readyz'
                  port: 3978
                }
                periodSeconds: 5
                timeoutSeconds: 3
              }
            ]
          }
        ]
        scale: part.replicas
      }
    }
    dependsOn: [
      mayPull
      server::database
    ]
  }
]

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: '${name}-${uniqueString(resourceGroup().id)}'
  location: 'global'
  kind: 'azurebot'
  sku: {
    name: 'F0'
  }
  properties: {
    displayName: 'Pykälä'
    endpoint: '${address}/api/messages'
    msaAppType: 'UserAssignedMSI'
    msaAppId: identity.properties.clientId
    msaAppTenantId: identity.properties.tenantId
    msaAppMSIResourceId: identity.id
  }

  resource teams 'channels' = {
    name: 'MsTeamsChannel'
    location: 'global'
    properties: {
      channelName: 'MsTeamsChannel'
    }
  }
}

// In capitals, as Microsoft 365 Agents Toolkit keeps them.
output PYKALA_APP_ID string = identity.properties.clientId
output PYKALA_OBJECT_ID string = identity.properties.principalId
output PYKALA_TENANT_ID string = identity.properties.tenantId
output PYKALA_PUBLIC_URL string = address
